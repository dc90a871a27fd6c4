import CAS
import CASPlatform
import FoundationEssentials
import NIOCore
import NIOHTTP1
import OCI
import SystemPackage

/// A client of the distribution-spec 1.1 for one repository. It selects HTTPS or HTTP, authenticates, follows
/// redirects, and repeats requests that failed for a transient reason.
final class RegistryClient: Sendable {
  private struct State {
    var transport: HTTPTransport?
    /// `https://HOST` or `http://HOST`, once the scheme is known.
    var base: String?
  }

  private static let maximumRedirects = 5
  /// The longest body that is read of an error, in bytes.
  static let errorBodyLimit = 64 << 10

  let address: RegistryAddress
  private let authenticator: Authenticator
  private let environment: [String: String]
  private let state = Monitor(State())
  private let circuitBreaker: CircuitBreaker
  /// Whether another registry is asked if this one fails, so that nothing is repeated.
  let isMirror: Bool

  init(_ address: RegistryAddress, environment: [String: String], isMirror: Bool = false) {
    self.address = address
    self.environment = environment
    self.isMirror = isMirror
    circuitBreaker = isMirror ? CircuitBreaker(openDuration: CircuitBreaker.mirrorOpenDuration) : CircuitBreaker()
    authenticator = Authenticator(address, CredentialFiles(environment: environment))
  }

  /// Whether the registry was unreachable within the last seconds.
  var isUnreachable: Bool { circuitBreaker.isOpen }

  /// Connects to the registry, and checks that it supports the API (distribution-spec, "Determining Support").
  ///
  /// A refusal of that request says nothing about the repository: some registries answer 404 to it, or 401 to callers
  /// without an account who may pull public repositories.
  func connect(_ context: OperationContext) throws(CASError) {
    let response = try send(RegistryRequest(method: .GET, target: "/v2/", isProbe: true), context)
    guard response.status == 200 || (400...499).contains(response.status) && response.status != 429 else {
      throw failure(response, context)
    }
    try drain(response, context)
  }

  /// Sends a request, and repeats it after transient failures.
  ///
  /// - Returns: the last response, whatever its status.
  /// - Throws: `CASError.Code.io` without a response, or `cancelled`.
  func send(_ request: RegistryRequest, _ context: OperationContext) throws(CASError) -> RegistryResponse {
    var retryPolicy = RetryPolicy(isEnabled: !isMirror && !circuitBreaker.isOpen)
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
    var authentication = Authenticator.Attempt()
    while true {
      let isRegistry = Self.origin(of: url) == URL(string: base).flatMap(Self.origin)
      let authorization = isRegistry ? authenticator.authorization(for: request.access) : nil
      var outgoing = HTTPRequest(method: request.method, url: url, headers: request.headers, body: request.body)
      outgoing.isBulk = request.isBulk
      if let authorization { outgoing.headers.append(("Authorization", authorization)) }
      let exchange: HTTPExchange
      let head: HTTPResponseHead
      do throws(RegistryError) {
        exchange = try transport.send(outgoing, cancellation)
        head = try exchange.head()
      } catch {
        guard case .tls = error, transport.useNextIdentity(for: url) else { throw error }
        continue
      }
      let status = Int(head.status.code)
      let challenges = Challenge.all(in: head.headers)
      switch status {
      case 401 where isRegistry, 403 where isRegistry && (authorization != nil || !challenges.isEmpty):
        let body = try exchange.body(limit: Self.errorBodyLimit)
        let refusal = Authenticator.Refusal(
          status: status, challenges: challenges, access: request.access, isProbe: request.isProbe,
          authorization: authorization)
        let outcome = try authenticator.answer(refusal, &authentication, through: transport, cancellation)
        guard case .refused(let reason) = outcome else { continue }
        return RegistryResponse(
          status: status, headers: head.headers, exchange: exchange, url: url, refusal: (body, reason))
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

  /// Rejects a change from HTTPS to HTTP, except to a loopback address of a loopback registry.
  func requireSecureTransition(from: URL, to next: URL) throws(RegistryError) {
    let isSecure = next.scheme == "https" || (next.scheme == "http" && from.scheme == "http")
    let isLoopback = address.isLoopback && next.scheme == "http" && next.host.map(RegistryAddress.isLoopback) == true
    guard isSecure || isLoopback else {
      throw .refused(.io(.ioError), "insecure redirect, scheme \((next.scheme ?? "").sanitized)")
    }
  }

  /// Scheme, host and port (RFC 6454): credentials are sent to the registry's own origin only.
  static func origin(of url: URL) -> String? {
    guard let scheme = url.scheme?.lowercased(), let host = url.host?.lowercased() else { return nil }
    return "\(scheme)://\(host):\(url.port ?? (scheme == "https" ? 443 : 80))"
  }

  /// The transport and the registry's base URL. A loopback registry without TLS is used with plain HTTP, and so is one
  /// that `registries.conf` calls insecure.
  private func connection(_ cancellation: CancellationToken) throws(RegistryError) -> (HTTPTransport, String) {
    let (known, base) = state.withLock { ($0.transport, $0.base) }
    if let known, let base { return (known, base) }
    let transport = if let known { known } else { try makeTransport() }
    let found: String
    if address.isPlain {
      found = "http://\(address.server)"
    } else {
      found =
        try address.isLoopback || address.isInsecure ? detectBase(transport, cancellation) : "https://\(address.server)"
    }
    state.withLock { $0.base = found }
    return (transport, found)
  }

  /// Creates the transport, unless another thread was first.
  private func makeTransport() throws(RegistryError) -> HTTPTransport {
    let new = try HTTPTransport(
      TLSSettings(for: address, environment: environment), ProxyRules(environment: environment))
    return state.withLock { state in
      let transport = state.transport ?? new
      state.transport = transport
      return transport
    }
  }

  /// Deletes a resource; an absent one is success.
  ///
  /// - Parameter kind: names the resource in the error of a registry that does not support its deletion.
  /// - Throws: `CASError.Code.notImplemented` for status 400 or 405.
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

  /// Reads and drops the rest of a response, so that the connection can be reused.
  func drain(_ response: RegistryResponse, _ context: OperationContext) throws(CASError) {
    _ = try mappingErrors(context) { () throws(RegistryError) in try response.exchange.body(limit: Self.errorBodyLimit)
    }
  }

  /// Reads from a response, whose errors become those of the operation.
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

  /// Maps an unsuccessful response to an error.
  func failure(_ response: RegistryResponse, _ context: OperationContext) -> CASError {
    let body = response.refusal?.body ?? (try? response.exchange.body(limit: Self.errorBodyLimit)).flatMap(\.self)
    let reason = body.flatMap(ServerError.init)
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
    let sender = response.exchange.forwardingProxy.map { "registry or proxy \($0)" } ?? "registry"
    var cause = "\(sender) answered \(response.status)\(detail)"
    if code == .io(.permissionDenied) {
      // A user needs to know both: the registry refused, and why there were no credentials.
      let reasons = [response.refusal?.reason, authenticator.helperFailures].compactMap(\.self)
      cause = "permission denied: " + ([cause] + reasons).joined(separator: "; ")
    }
    return CASError(code, context, cause: "\(address.repositoryName): \(cause)")
  }

  /// Makes the error of a response that violates the protocol: EIO.
  func malformedResponse(_ context: OperationContext, _ reason: String) -> CASError {
    CASError(.io(.ioError), context, cause: "\(address.repositoryName): \(reason)")
  }
}
