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
  let authenticator: Authenticator
  private let environment: [String: String]
  private let state = Monitor(State())
  private let circuitBreaker: CircuitBreaker
  let retryDelay: Duration
  /// Whether another registry is asked if this one fails, so that nothing is repeated.
  let isMirror: Bool
  let headSupport = HeadSupport()
  let pieceLimit = PieceLimit()

  /// - Parameter retryDelay: the average wait before the first repetition of a request.
  init(
    _ address: RegistryAddress, environment: [String: String], isMirror: Bool = false,
    retryDelay: Duration = RetryPolicy.defaultDelay
  ) {
    self.address = address
    self.environment = environment
    self.isMirror = isMirror
    self.retryDelay = retryDelay
    circuitBreaker = isMirror ? CircuitBreaker(openDuration: CircuitBreaker.mirrorOpenDuration) : CircuitBreaker()
    authenticator = Authenticator(address, CredentialFiles(environment: environment))
  }

  /// Whether the registry was unreachable within the last seconds.
  var isUnreachable: Bool { circuitBreaker.isOpen }

  func makeRetryPolicy() -> RetryPolicy { RetryPolicy(isEnabled: !isMirror, firstDelay: retryDelay) }

  /// Connects to the registry, and checks that it supports the API (distribution-spec, "Determining Support").
  ///
  /// A refusal of that request says nothing about the repository: some registries answer 404 to it, or 401 to callers
  /// without an account who may pull public repositories.
  ///
  /// - Returns: `false` if the answer is not that of a registry, so that the next request has to show whether it is one.
  func connect(_ context: OperationContext) throws(CASError) -> Bool {
    let response = try send(RegistryRequest(method: .GET, target: "/v2/", isProbe: true), context)
    switch response.status {
    case 200...299, 401, 403:
      drop(response)
      return true
    case 400...428, 430...499, 501:
      drop(response)
      return false
    default: throw failure(response, context)
    }
  }

  /// Sends a request, and repeats it after transient failures.
  ///
  /// - Returns: the last response, whatever its status.
  /// - Throws: `CASError.Code.io` without a response, or `cancelled`.
  func send(_ request: RegistryRequest, _ context: OperationContext) throws(CASError) -> RegistryResponse {
    var retryPolicy = RetryPolicy(isEnabled: !isMirror && !circuitBreaker.isOpen, firstDelay: retryDelay)
    while true {
      do throws(RegistryError) {
        let response = try attempt(request, context.cancellation)
        circuitBreaker.close()
        guard request.isRepeated(after: response.status),
          let delay = retryPolicy.nextDelay(retryAfter: response.retryAfter)
        else { return response }
        // Others can use the connection meanwhile.
        _ = try? response.exchange.body(limit: Self.errorBodyLimit)
        guard RetryPolicy.sleep(for: delay, context.cancellation) else { throw .cancelled }
      } catch {
        if request.isRepeatable, error.isTransient {
          if retryPolicy.backOff(context.cancellation) { continue }
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
        // 307 and 308 keep method and body (RFC 9110, section 15.4); the others would make a GET of a change.
        guard request.method == .GET || request.method == .HEAD || status >= 307 else {
          throw .refused(.io(.ioError), "registry answered \(status) to a \(request.method.rawValue) request")
        }
        redirects += 1
        guard redirects <= Self.maximumRedirects, let location = head.headers.first(name: "Location"),
          let next = URL(string: location, relativeTo: url)?.absoluteURL
        else {
          throw .refused(
            .io(.ioError),
            "registry answered \(status) without a valid Location, or more than \(Self.maximumRedirects) times")
        }
        try requireSecureTransition(from: url, to: next)
        _ = try exchange.body(limit: Self.errorBodyLimit)
        url = next
      default:
        return RegistryResponse(
          status: status, isAnswerToHead: request.method == .HEAD, headers: head.headers, exchange: exchange, url: url)
      }
    }
  }

  /// Rejects a change from HTTPS to HTTP, except to a loopback address of a loopback registry.
  func requireSecureTransition(from: URL, to next: URL) throws(RegistryError) {
    let isSecure = next.scheme == "https" || (next.scheme == "http" && from.scheme == "http")
    let isLoopback = address.isLoopback && next.scheme == "http" && next.host.map(RegistryAddress.isLoopback) == true
    guard isSecure || isLoopback else {
      // Without path and query, which can have a signature.
      let target = "\(next.scheme ?? "")://\(next.host ?? "")".sanitized
      throw .refused(.io(.ioError), "registry answered with an insecure redirect: \(target)")
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
  /// - Returns: whether the registry deleted it; `false` if it says that there was nothing to delete.
  /// - Throws: `CASError.Code.notImplemented` for status 400 or 405.
  func delete(_ path: String, _ kind: String, _ context: OperationContext) throws(CASError) -> Bool {
    let response = try send(RegistryRequest(method: .DELETE, target: path, access: .delete), context)
    switch response.status {
    case 200...299, 404:
      drop(response)
      return response.status != 404
    case 400, 405:
      let reason = failure(response, context).cause
      throw CASError(.notImplemented, context, cause: "registry cannot delete \(kind): \(reason)")
    default: throw failure(response, context)
    }
  }
}
