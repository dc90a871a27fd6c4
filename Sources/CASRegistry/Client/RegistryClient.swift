import CAS
import CASPlatform
import FoundationEssentials
import NIOCore
import NIOHTTP1
import OCI
import SystemPackage

/// Speaks with one registry about one repository: finds out how it is reached and what it wants to be shown, follows
/// it to where blobs are kept, and tries again what is worth it (distribution-spec 1.1).
final class RegistryClient: Sendable {
  private struct State {
    var transport: HTTPTransport?
    /// `https://HOST` or `http://HOST`, once that is known.
    var base: String?
  }

  private static let maximumRedirects = 5
  static let errorBodyLimit = 64 << 10

  let address: RegistryAddress
  private let authenticator: Authenticator
  private let environment: [String: String]
  private let state = Monitor(State())
  private let circuitBreaker = CircuitBreaker()

  init(_ address: RegistryAddress, environment: [String: String]) {
    self.address = address
    self.environment = environment
    authenticator = Authenticator(address, CredentialFiles(environment: environment))
  }

  /// Whether the registry could not be reached a moment ago.
  var isUnreachable: Bool { circuitBreaker.isOpen }

  /// Finds out how the registry is reached, and whether it is one (distribution-spec, "Determining Support").
  func connect(_ context: OperationContext) throws(CASError) {
    let response = try send(RegistryRequest(method: .GET, target: "/v2/"), context)
    guard response.status == 200 else { throw failure(response, context) }
    try drain(response, context)
  }

  /// Sends a request, and again as long as that is worth it.
  ///
  /// - Returns: whatever the registry answers in the end, errors included.
  func send(_ request: RegistryRequest, _ context: OperationContext) throws(CASError) -> RegistryResponse {
    var retryPolicy = RetryPolicy(isEnabled: !circuitBreaker.isOpen)
    while true {
      do throws(RegistryError) {
        let response = try attempt(request, context.cancellation)
        circuitBreaker.close()
        guard [429, 500, 502, 503, 504].contains(response.status), request.isRepeatable else { return response }
        let retryAfter = response.headers.first(name: "Retry-After").flatMap { Int($0) }.map { Duration.seconds($0) }
        guard retryPolicy.backOff(retryAfter: retryAfter, context.cancellation) else { return response }
      } catch {
        if request.isRepeatable, error.isTransient {
          if retryPolicy.backOff(retryAfter: nil, context.cancellation) { continue }
          if case .unreachable = error, !context.cancellation.isCancelled { circuitBreaker.open() }
        }
        try context.checkCancellation()
        throw CASError(error, context, address.repositoryName)
      }
    }
  }

  private func attempt(_ request: RegistryRequest, _ cancellation: CancellationToken) throws(RegistryError)
    -> RegistryResponse
  {
    let (transport, base) = try connection(cancellation)
    guard var url = URL(string: request.target.hasPrefix("/") ? base + request.target : request.target) else {
      throw .refused(.io(.ioError), "invalid URL: \(request.target.sanitized)")
    }
    var redirects = 0
    var isAuthenticated = false
    while true {
      let isRegistry = Self.origin(of: url) == URL(string: base).flatMap(Self.origin)
      let authorization = isRegistry ? authenticator.authorization(for: request.access) : nil
      var outgoing = HTTPRequest(method: request.method, url: url, headers: request.headers, body: request.body)
      outgoing.isBulk = request.isBulk
      if let authorization { outgoing.headers.append(("Authorization", authorization)) }
      let exchange = try transport.send(outgoing, cancellation)
      let head = try exchange.head()
      let status = Int(head.status.code)
      switch status {
      case 401 where isRegistry && !isAuthenticated:
        _ = try exchange.body(limit: Self.errorBodyLimit)
        isAuthenticated = true
        try authenticator.authenticate(
          Challenge.all(in: head.headers), for: request.access, rejected: authorization, through: transport,
          cancellation
        )
      case 301, 302, 303, 307, 308:
        guard request.body == nil, request.method == .GET || request.method == .HEAD || status >= 307 else {
          throw .refused(.io(.ioError), "unsupported redirect (\(status)) of a \(request.method.rawValue) request")
        }
        redirects += 1
        guard redirects <= Self.maximumRedirects, let location = head.headers.first(name: "Location"),
          let next = URL(string: location, relativeTo: url)?.absoluteURL
        else {
          throw .refused(
            .io(.ioError), "invalid redirect (\(status)): no Location, or more than \(Self.maximumRedirects)")
        }
        try requireSecureTransition(from: url, to: next)
        _ = try exchange.body(limit: Self.errorBodyLimit)
        url = next
      default: return RegistryResponse(status: status, headers: head.headers, exchange: exchange, url: url)
      }
    }
  }

  /// From a safe connection there is no way to one that is not, but within this machine.
  func requireSecureTransition(from: URL, to next: URL) throws(RegistryError) {
    let isSecure = next.scheme == "https" || (next.scheme == "http" && from.scheme == "http")
    let isLoopback = address.isLoopback && next.scheme == "http" && next.host.map(RegistryAddress.isLoopback) == true
    guard isSecure || isLoopback else {
      throw .refused(.io(.ioError), "insecure redirect, scheme \((next.scheme ?? "").sanitized)")
    }
  }

  static func origin(of url: URL) -> String? {
    guard let scheme = url.scheme?.lowercased(), let host = url.host?.lowercased() else { return nil }
    return "\(scheme)://\(host):\(url.port ?? (scheme == "https" ? 443 : 80))"
  }

  /// The connections, and the registry's own URL. On this machine plain HTTP is taken where no TLS is spoken.
  private func connection(_ cancellation: CancellationToken) throws(RegistryError) -> (HTTPTransport, String) {
    let (known, base) = state.withLock { ($0.transport, $0.base) }
    if let known, let base { return (known, base) }
    let transport = if let known { known } else { try makeTransport() }
    let found: String
    if address.isPlain {
      found = "http://\(address.server)"
    } else {
      found = try address.isLoopback ? detectBase(transport, cancellation) : "https://\(address.server)"
    }
    state.withLock { $0.base = found }
    return (transport, found)
  }

  private func makeTransport() throws(RegistryError) -> HTTPTransport {
    let certificates = try TrustedCertificates.load(for: address.authority, environment: environment)
    let new = try HTTPTransport(trusting: certificates)
    return state.withLock { state in
      let transport = state.transport ?? new
      state.transport = transport
      return transport
    }
  }

  private func detectBase(_ transport: HTTPTransport, _ cancellation: CancellationToken) throws(RegistryError) -> String
  {
    let https = "https://\(address.server)"
    guard let url = URL(string: https + "/v2/") else { throw .refused(.invalid, "invalid host name") }
    do throws(RegistryError) {
      let exchange = try transport.send(HTTPRequest(method: .GET, url: url), cancellation)
      _ = try exchange.head()
      _ = try exchange.body(limit: Self.errorBodyLimit)
      return https
    } catch {
      guard case .tls(_, isPlaintext: true) = error else { throw error }
      return "http://\(address.server)"
    }
  }

  /// Has something deleted; what is not there is.
  ///
  /// - Parameter kind: what it is one of, for the error of a registry that deletes none.
  func delete(_ path: String, _ kind: String, _ context: OperationContext) throws(CASError) {
    let response = try send(RegistryRequest(method: .DELETE, target: path, access: .delete), context)
    switch response.status {
    case 200...299, 404: try drain(response, context)
    case 400, 405:
      let reason = failure(response, context).cause
      throw CASError(.notImplemented, context, cause: "registry cannot delete \(kind): \(reason)")
    default: throw failure(response, context)
    }
  }

  /// Reads the rest of an answer that is of no interest, so that the connection can be used again.
  func drain(_ response: RegistryResponse, _ context: OperationContext) throws(CASError) {
    _ = try mappingErrors(context) { () throws(RegistryError) in try response.exchange.body(limit: Self.errorBodyLimit)
    }
  }

  /// Runs what reads an answer, and gives its fault as an operation's error.
  func mappingErrors<Result>(_ context: OperationContext, _ body: () throws(RegistryError) -> Result) throws(CASError)
    -> Result
  {
    do throws(RegistryError) {
      return try body()
    } catch {
      try context.checkCancellation()
      throw CASError(error, context, address.repositoryName)
    }
  }

  /// The error that an answer is which says that something is refused.
  func failure(_ response: RegistryResponse, _ context: OperationContext) -> CASError {
    let body = try? response.exchange.body(limit: Self.errorBodyLimit)
    let reason = body.flatMap { $0 }.flatMap(ServerError.init)
    let code: CASError.Code =
      switch (response.status, reason?.code) {
      case (_, "DIGEST_INVALID"), (_, "SIZE_INVALID"): .mismatch
      case (405, _), (_, "UNSUPPORTED"): .notImplemented
      case (404, _): .notFound
      case (401, _), (403, _): .io(.permissionDenied)
      case (400, _): .invalid
      case (413, _): .io(.fileTooLarge)
      default: .io(.ioError)
      }
    let detail = reason.map { ": \($0)" } ?? ""
    let denial = code == .io(.permissionDenied) ? "permission denied: " : ""
    return CASError(
      code, context,
      cause: "\(address.repositoryName): \(denial)registry answered \(response.status)\(detail)")
  }

  /// An error about an answer that makes no sense.
  func malformedResponse(_ context: OperationContext, _ reason: String) -> CASError {
    CASError(.io(.ioError), context, cause: "\(address.repositoryName): \(reason)")
  }
}
