import AsyncHTTPClient
import CAS
import CASPlatform
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// A pool of HTTP/1.1 connections to a registry, and to its token and storage servers.
final class HTTPTransport: Sendable {
  /// The longest time for connecting, including TLS.
  private static let connectTimeout = TimeAmount.seconds(5)

  private let client: HTTPClient
  private let limiter = ConnectionLimiter()

  /// Creates a transport without connections.
  ///
  /// - Parameter certificates: certificates of authorities that are trusted in addition to the system's.
  init(trusting certificates: [NIOSSLCertificate]) throws(RegistryError) {
    var tls = TLSConfiguration.makeClientConfiguration()
    if !certificates.isEmpty { tls.additionalTrustRoots = [.certificates(certificates)] }
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: tls, redirectConfiguration: .disallow,
      timeout: HTTPClient.Configuration.Timeout(connect: Self.connectTimeout))
    configuration.connectionPool = HTTPClient.Configuration.ConnectionPool(
      idleTimeout: .seconds(30), concurrentHTTP1ConnectionsPerHostSoftLimit: ConnectionLimiter.maximumExchanges)
    // `RetryPolicy` decides about further attempts.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = .http1Only
    configuration.http1_1ConnectionDebugInitializer = StatusValidationHandler.add
    guard let group = Self.group.value else {
      throw .refused(.io(.resourceTemporarilyUnavailable), "thread of the event loop could not be started")
    }
    client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
  }

  deinit {
    client.shutdown { _ in }
  }

  /// Sends a request, and its body up to the end or to an early response.
  ///
  /// - Returns: the exchange, which delivers the response as it arrives.
  func send(_ request: HTTPRequest, _ cancellation: CancellationToken) throws(RegistryError) -> HTTPExchange {
    try Self.validate(request.url)
    let permit = try limiter.acquire(isBulk: request.isBulk, cancellation)
    let delegate = ResponseDelegate()
    let exchange: HTTPExchange
    do {
      var headers = HTTPHeaders([("User-Agent", "casfs")])
      for header in request.headers { headers.add(name: header.name, value: header.value) }
      let body: HTTPClient.Body? =
        switch request.body {
        case .bytes(let bytes): .bytes(bytes)
        case .file(_, _, let count): delegate.body(length: count, on: client.eventLoopGroup.next())
        case nil: nil
        }
      let outgoing = try HTTPClient.Request(url: request.url, method: request.method, headers: headers, body: body)
      let task = client.execute(request: outgoing, delegate: delegate)
      exchange = HTTPExchange(delegate, task, cancellation, permit, silenceTimeout: request.silenceTimeout)
    } catch {
      permit.release()
      throw RegistryError(error)
    }
    if case .file(let file, let start, let count) = request.body {
      try exchange.write(length: count) { (offset, size) throws(RegistryError) in
        try Self.read(file, at: start + offset, size)
      }
    }
    return exchange
  }

  /// Rejects URLs that AsyncHTTPClient traps at, such as one with a port above 65535.
  private static func validate(_ url: URL) throws(RegistryError) {
    guard ["http", "https"].contains(url.scheme), url.host?.isEmpty == false, 1...65_535 ~= url.port ?? 80 else {
      throw .refused(.io(.ioError), "invalid URL: \(url.absoluteString.sanitized)")
    }
  }

  private static func read(_ file: OpenFile, at offset: Int64, _ size: Int) throws(RegistryError) -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: size)
    do throws(Errno) {
      var span = chunk.mutableSpan
      guard try file.read(into: &span, at: offset, limit: size) == size else { throw .ioError }
    } catch {
      throw .refused(.io(error), "unreadable cached content: \(error)")
    }
    return chunk
  }

  /// The event loop group of all registries: one thread, started with the first transport.
  ///
  /// A thread with every signal blocked creates it, so that the loop's thread inherits that mask.
  private static let group: Monitor<MultiThreadedEventLoopGroup?> = {
    let created = Monitor<MultiThreadedEventLoopGroup?>(nil)
    let isCreated = Monitor(false)
    do throws(Errno) {
      try Thread.start("casfs-http") {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        created.withLock { $0 = group }
        isCreated.withLock { $0 = true }
      }
      isCreated.wait(until: { $0 }, then: { _ in })
    } catch {
      return created
    }
    return created
  }()
}

extension Monitor where State: Sendable {
  fileprivate var value: State { withLock(notifying: .none) { $0 } }
}
