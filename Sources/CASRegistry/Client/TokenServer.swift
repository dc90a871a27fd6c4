import CAS
import CASPlatform
import FoundationEssentials
import NIOHTTP1
import OCI
import SystemPackage

/// A token server that a challenge names by realm and service (distribution's token specification).
struct TokenServer: Sendable {
  /// The response to a request for a token.
  enum Answer: Sendable {
    case token(BearerToken)
    /// The server refused, with the status and its reason.
    case refused(Int, String)
  }

  /// The longest response, in bytes.
  private static let responseLimit = 1 << 20
  private static let maximumRedirects = 5

  private let address: RegistryAddress
  private let realm: String
  private let url: URL
  private let host: String
  private let service: String?

  /// Reads a challenge; `nil` without an absolute URL as its realm.
  init?(_ challenge: Challenge, for address: RegistryAddress) {
    guard challenge.scheme == "bearer", let realm = challenge.parameters["realm"], let url = URL(string: realm),
      url.scheme != nil, let host = url.host, !host.isEmpty
    else { return nil }
    self.address = address
    self.realm = realm
    self.url = url
    self.host = host
    service = challenge.parameters["service"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Requests a token: by GET, or by POST for an identity token (OAuth 2.0 refresh token).
  ///
  /// A server that does not know the POST gets the identity token by GET, as a password.
  ///
  /// - Throws: a transient `RegistryError` for status 429 and 5xx, `refused` with EACCES for an insecure server or a
  ///   malformed response.
  func token(
    _ scopes: [String], _ credentials: Credentials?, _ transport: HTTPTransport, _ cancellation: CancellationToken
  ) throws(RegistryError) -> Answer {
    try checkSecurity(of: url, hasCredentials: credentials != nil)
    let fields = (service.map { [("service", $0)] } ?? []) + scopes.map { ("scope", $0) }
    switch credentials {
    case nil: return try get(fields, nil, transport, cancellation)
    case .password(let user, let password):
      return try get(fields, Credentials.basic(user, password), transport, cancellation)
    case .identityToken(let token, let user):
      let answer = try post(fields, token, transport, cancellation)
      guard case .refused(let status, _) = answer, [400, 401, 404, 405, 501].contains(status) else { return answer }
      let other = try get(fields, Credentials.basic(user, token), transport, cancellation)
      guard case .refused = other else { return other }
      return answer
    }
  }

  private func get(
    _ fields: [(String, String)], _ authorization: String?, _ transport: HTTPTransport,
    _ cancellation: CancellationToken
  ) throws(RegistryError) -> Answer {
    let query = Self.formEncoded(fields)
    let separator = realm.contains("?") ? "&" : "?"
    guard let url = URL(string: query.isEmpty ? realm : realm + separator + query) else {
      throw .refused(.io(.permissionDenied), "authentication required: no valid realm in WWW-Authenticate")
    }
    var request = HTTPRequest(method: .GET, url: url)
    if let authorization { request.headers = [("Authorization", authorization)] }
    return try answer(to: request, hasCredentials: authorization != nil, transport, cancellation)
  }

  private func post(
    _ fields: [(String, String)], _ token: String, _ transport: HTTPTransport, _ cancellation: CancellationToken
  ) throws(RegistryError) -> Answer {
    let grant = [("grant_type", "refresh_token"), ("client_id", "casfs"), ("refresh_token", token)]
    let scope = fields.filter { $0.0 == "scope" }.map(\.1).joined(separator: " ")
    let others = fields.filter { $0.0 != "scope" } + [("scope", scope)]
    var request = HTTPRequest(method: .POST, url: url)
    request.headers = [("Content-Type", "application/x-www-form-urlencoded")]
    request.body = .bytes(Array(Self.formEncoded(others + grant).utf8))
    return try answer(to: request, hasCredentials: true, transport, cancellation)
  }

  private func answer(
    to request: HTTPRequest, hasCredentials: Bool, _ transport: HTTPTransport, _ cancellation: CancellationToken
  ) throws(RegistryError) -> Answer {
    let (status, body): (Int, [UInt8]?)
    do throws(RegistryError) {
      (status, body) = try response(to: request, hasCredentials, transport, cancellation)
    } catch {
      throw error.prefixed("token server \(host.sanitized)")
    }
    switch status {
    case 200...299:
      guard let body else {
        throw .refused(.io(.permissionDenied), "response of token server \(host.sanitized) is longer than 1 MiB")
      }
      guard let token = BearerToken(body, now: .now) else {
        throw .refused(.io(.permissionDenied), "missing or invalid token from token server \(host.sanitized)")
      }
      return .token(token)
    case 429, 500...: throw .connectionLost("token server \(host.sanitized) answered \(status)")
    default:
      let reason = body.flatMap(ServerError.init).map { ": \($0)" } ?? ""
      return .refused(status, "token server \(host.sanitized) answered \(status)\(reason)")
    }
  }

  /// Sends a request, and follows redirects of a GET. Credentials are sent to the first origin only.
  private func response(
    to request: HTTPRequest, _ hasCredentials: Bool, _ transport: HTTPTransport, _ cancellation: CancellationToken
  ) throws(RegistryError) -> (Int, [UInt8]?) {
    var request = request
    for _ in 0...Self.maximumRedirects {
      let exchange = try transport.send(request, cancellation)
      let head = try exchange.head()
      let body = try exchange.body(limit: Self.responseLimit)
      guard request.method == .GET, [301, 302, 303, 307, 308].contains(head.status.code) else {
        return (Int(head.status.code), body)
      }
      guard let location = head.headers.first(name: "Location"),
        let next = URL(string: location, relativeTo: request.url)?.absoluteURL
      else { throw .refused(.io(.permissionDenied), "redirect without a valid Location") }
      try checkSecurity(of: next, hasCredentials: hasCredentials)
      if RegistryClient.origin(of: next) != RegistryClient.origin(of: request.url) { request.headers = [] }
      request.url = next
    }
    throw .refused(.io(.permissionDenied), "more than \(Self.maximumRedirects) redirects")
  }

  /// Rejects a token server where credentials, or a token for them, could be intercepted.
  ///
  /// HTTPS is required, except for a loopback registry and for one that the user opened with plain HTTP.
  private func checkSecurity(of url: URL, hasCredentials: Bool) throws(RegistryError) {
    let host = url.host ?? ""
    let isRegistry = HostAndPort(address.server[...])?.host == host[...]
    switch url.scheme {
    case "https":
      guard address.isPlain || address.isInsecure, hasCredentials, !isRegistry else { return }
    case "http":
      if address.isLoopback, isRegistry || RegistryAddress.isLoopback(host) { return }
      if address.isPlain || address.isInsecure, isRegistry || !hasCredentials { return }
    default: break
    }
    throw .refused(.io(.permissionDenied), "insecure token server, not contacted: \(host.sanitized)")
  }

  /// Encodes fields as a query or an `application/x-www-form-urlencoded` body.
  private static func formEncoded(_ fields: [(String, String)]) -> String {
    fields.map { (name, value) in "\(name)=\(PercentEncoding.encodeQuery(value))" }.joined(separator: "&")
  }
}
