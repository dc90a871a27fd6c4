import CAS
import FoundationEssentials
import OCI

/// A proxy that an environment variable names. The description has no credentials.
struct Proxy: Hashable, Sendable, CustomStringConvertible {
  /// How the proxy is spoken to.
  enum Kind: Hashable, Sendable {
    /// RFC 9110: `CONNECT` for HTTPS, the absolute form of the target for plain HTTP.
    case http
    /// RFC 1928, without authentication.
    case socks
  }

  /// The variable that names the proxy, for messages.
  let variable: String
  let kind: Kind
  /// A name or an address; an IPv6 address has no brackets.
  let host: String
  let port: Int
  /// The user name and the password as `NAME:PASSWORD` in base64 (RFC 7617); `nil` without.
  let credentials: String?

  /// Parses a proxy's URL, whose scheme `http://` may be left out.
  ///
  /// - Throws: `RegistryError.refused` that names the variable, and has nothing of its value.
  init(_ text: String, variable: String) throws(RegistryError) {
    self.variable = variable
    var rest = text[...]
    var scheme = "http"
    if let separator = text.firstRange(of: "://") {
      scheme = text[..<separator.lowerBound].lowercased()
      rest = text[separator.upperBound...]
    }
    switch scheme {
    case "http": kind = .http
    case "socks5", "socks5h": kind = .socks
    case "https":
      throw .refused(.notImplemented, "unsupported proxy scheme in \(variable), not http or socks5: https")
    default: throw .refused(.invalid, "unknown proxy scheme in \(variable), not http or socks5")
    }
    rest = rest.prefix { !"/?#".contains($0) }
    if let at = rest.lastIndex(of: "@") {
      guard let decoded = Self.decoded(rest[..<at]) else {
        throw .refused(.invalid, "invalid percent-encoding of the proxy's credentials in \(variable)")
      }
      guard kind == .http else {
        throw .refused(.notImplemented, "unsupported credentials of a SOCKS proxy in \(variable)")
      }
      credentials = Data(decoded.utf8).base64EncodedString()
      rest = rest[rest.index(after: at)...]
    } else {
      credentials = nil
    }
    guard let (host, port) = Self.address(rest, defaultPort: kind == .http ? 80 : 1080) else {
      throw .refused(.invalid, "invalid proxy in \(variable), not http://[USER:PASSWORD@]HOST[:PORT]")
    }
    (self.host, self.port) = (host, port)
  }

  /// `HOST:PORT`, an IPv6 address in brackets.
  var description: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

  /// The name and the password without their percent-encoding, joined by `:`.
  private static func decoded(_ text: Substring) -> String? {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let decoded = parts.compactMap { PercentEncoding.decode(String($0)) }
    guard decoded.count == parts.count else { return nil }
    return "\(decoded[0]):\(decoded.count > 1 ? decoded[1] : "")"
  }

  private static func address(_ text: Substring, defaultPort: Int) -> (String, Int)? {
    guard let parts = HostAndPort(text), !parts.host.isEmpty else { return nil }
    let isValid =
      parts.isBracketed
      ? IPAddress(parts.host)?.isIPv4 == false
      : parts.host.utf8.allSatisfy { $0.isLetterOrDigit || "-._".utf8.contains($0) }
    guard isValid else { return nil }
    guard let port = parts.port, !port.isEmpty else { return (String(parts.host), defaultPort) }
    return HostAndPort.number(of: port).map { (String(parts.host), $0) }
  }
}
