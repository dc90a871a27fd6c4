import CAS
import CASPlatform
import FoundationEssentials
import NIOHTTP1

extension RegistryClient {
  /// Tries TLS, and falls back to plain HTTP if the server does not speak it, or if an insecure registry is reachable in
  /// that way only.
  func detectBase(_ transport: HTTPTransport, _ cancellation: CancellationToken) throws(RegistryError) -> String {
    let (https, http) = ("https://\(address.server)", "http://\(address.server)")
    do throws(RegistryError) {
      try probe(https, transport, cancellation)
      return https
    } catch {
      switch error {
      case .tls(_, isPlaintext: true): return http
      case .unreachable where address.isInsecure:
        // Port 443 may be closed while port 80 is not.
        guard (try? probe(http, transport, cancellation)) != nil else { throw error }
        return http
      default: throw error
      }
    }
  }

  /// Checks that a server answers, whatever its answer is.
  private func probe(
    _ base: String, _ transport: HTTPTransport, _ cancellation: CancellationToken
  ) throws(RegistryError) {
    guard let url = URL(string: base + "/v2/") else { throw .refused(.invalid, "invalid host name") }
    while true {
      do throws(RegistryError) {
        let exchange = try transport.send(HTTPRequest(method: .GET, url: url), cancellation)
        _ = try exchange.head()
        _ = try exchange.body(limit: Self.errorBodyLimit)
        return
      } catch {
        guard case .tls(_, isPlaintext: false) = error, transport.useNextIdentity(for: url) else { throw error }
      }
    }
  }
}
