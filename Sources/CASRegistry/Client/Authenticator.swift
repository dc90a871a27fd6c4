import CAS
import CASPlatform
import FoundationEssentials
import NIOHTTP1
import OCI
import SystemPackage

/// Authenticates requests: HTTP basic authentication (RFC 7617), or a bearer token for each kind of access
/// (distribution's token specification).
final class Authenticator: Sendable {
  private struct Token {
    var value: String
    var expiry: ContinuousClock.Instant
  }

  private struct State {
    var basic: String?
    var tokens: [Access: Token] = [:]
  }

  /// The lifetime in seconds of a token without `expires_in` (token specification, "Token Response Fields").
  private static let defaultLifetime = 60
  /// The longest response of a token server, in bytes.
  private static let responseLimit = 1 << 20

  private let address: RegistryAddress
  private let files: CredentialFiles
  private let state = Monitor(State())

  init(_ address: RegistryAddress, _ files: CredentialFiles) {
    self.address = address
    self.files = files
  }

  /// The `Authorization` header for a request to the registry; `nil` before the registry asked for one.
  func authorization(for access: Access) -> String? {
    state.withLock { state in
      if let basic = state.basic { return basic }
      guard let token = state.tokens[access], token.expiry > .now else { return nil }
      return "Bearer \(token.value)"
    }
  }

  /// Answers the challenges of a 401 response, so that ``authorization(for:)`` returns what they ask for.
  ///
  /// - Parameter rejected: the `Authorization` header of the rejected request.
  /// - Throws: `RegistryError.refused` with EACCES if the challenges cannot be answered.
  func authenticate(
    _ challenges: [Challenge], for access: Access, rejected: String?, through transport: HTTPTransport,
    _ cancellation: CancellationToken
  ) throws(RegistryError) {
    if let bearer = challenges.first(where: { $0.scheme == "bearer" }) {
      let token = try token(bearer, access, transport, cancellation)
      state.withLock { $0.tokens[access] = token }
    } else if challenges.contains(where: { $0.scheme == "basic" }) {
      guard case .password(let user, let password)? = try files.credentials(for: address) else {
        throw .refused(.io(.permissionDenied), "authentication required: no credentials for \(address.authority)")
      }
      let basic = Credentials.basic(user, password)
      guard basic != rejected else {
        throw .refused(.io(.permissionDenied), "authentication failed: credentials rejected by \(address.authority)")
      }
      state.withLock { $0.basic = basic }
    } else {
      throw .refused(.io(.permissionDenied), "authentication required: no supported scheme in WWW-Authenticate")
    }
  }

  /// Requests a bearer token, by GET, or by POST for an identity token (OAuth 2.0 refresh token).
  private func token(
    _ challenge: Challenge, _ access: Access, _ transport: HTTPTransport, _ cancellation: CancellationToken
  ) throws(RegistryError) -> Token {
    guard let realm = challenge.parameters["realm"], let url = URL(string: realm), let host = url.host, !host.isEmpty
    else { throw .refused(.io(.permissionDenied), "authentication required: no valid realm in WWW-Authenticate") }
    let credentials = try files.credentials(for: address)
    try checkRealm(url, host, credentials != nil)
    var fields = [("service", challenge.parameters["service"] ?? "")].filter { !$0.1.isEmpty }
    fields.append(("scope", challenge.parameters["scope"] ?? "repository:\(address.repository):\(access.actions)"))
    var request = HTTPRequest(method: .GET, url: url)
    if case .identityToken(let token) = credentials {
      fields += [("grant_type", "refresh_token"), ("client_id", "casfs"), ("refresh_token", token)]
      request.method = .POST
      request.headers = [("Content-Type", "application/x-www-form-urlencoded")]
      request.body = .bytes(Array(Self.formEncoded(fields).utf8))
    } else {
      if case .password(let user, let password) = credentials {
        request.headers = [("Authorization", Credentials.basic(user, password))]
      }
      let separator = realm.contains("?") ? "&" : "?"
      guard let url = URL(string: realm + separator + Self.formEncoded(fields)) else {
        throw .refused(.io(.permissionDenied), "authentication required: no valid realm in WWW-Authenticate")
      }
      request.url = url
    }
    let exchange = try transport.send(request, cancellation)
    let status = Int(try exchange.head().status.code)
    let body = try exchange.body(limit: Self.responseLimit)
    let server = host.sanitized
    switch status {
    case 200: break
    case 429, 500...: throw .connectionLost("token server \(server) answered \(status)")
    default:
      let reason = body.flatMap(ServerError.init).map { ": \($0)" } ?? ""
      throw .refused(
        .io(.permissionDenied), "authentication failed: token server \(server) answered \(status)\(reason)")
    }
    guard let reply = body.flatMap({ try? JSON(parsing: $0) }),
      let value = reply["token"]?.text ?? reply["access_token"]?.text, !value.isEmpty,
      value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw .refused(.io(.permissionDenied), "missing or invalid token from token server \(server)") }
    let lifetime = reply["expires_in"]?.integer.map { Int(clamping: $0) } ?? Self.defaultLifetime
    // A tenth is reserved for the transfer of the request that uses the token.
    return Token(value: value, expiry: .now + .seconds(max(1, min(lifetime, 86_400) * 9 / 10)))
  }

  /// Rejects a token server where credentials, or a token for them, could be intercepted.
  ///
  /// HTTPS is required, except for a loopback registry and for one that the user opened with plain HTTP.
  private func checkRealm(_ realm: URL, _ host: String, _ hasCredentials: Bool) throws(RegistryError) {
    let isRegistry =
      host == address.server.split(separator: ":").first.map(String.init) || address.server.hasPrefix("[\(host)]")
    switch realm.scheme {
    case "https":
      guard address.isPlain, hasCredentials, !isRegistry else { return }
    case "http":
      if address.isLoopback, isRegistry || RegistryAddress.isLoopback(host) { return }
      if address.isPlain, isRegistry || !hasCredentials { return }
    default: break
    }
    throw .refused(
      .io(.permissionDenied),
      "insecure token server, not contacted: \(host.sanitized)")
  }

  /// Encodes fields as a query or an `application/x-www-form-urlencoded` body: only unreserved characters (RFC 3986,
  /// section 2.3) stay as they are.
  private static func formEncoded(_ fields: [(String, String)]) -> String {
    fields.map { (name, value) in
      let encoded = PercentEncoding.encode(value) { scalar in
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_", "~": false
        default: true
        }
      }
      return "\(name)=\(encoded)"
    }.joined(separator: "&")
  }
}
