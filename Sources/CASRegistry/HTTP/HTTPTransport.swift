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

  /// How a URL is reached, which decides about the client: each has one way for all of its connections.
  private enum Route: Hashable {
    case direct
    /// A tunnel through the proxy, by `CONNECT` or SOCKS.
    case tunnel(Proxy)
    /// Plain HTTP that the proxy understands.
    case absoluteForm
  }

  private let clients = Monitor<[Route: HTTPClient]>([:])
  private let group: MultiThreadedEventLoopGroup
  private let limiter = ConnectionLimiter()
  private let proxies: ProxyRules
  private let tls: TLSSettings

  /// Creates a transport without connections.
  init(_ tls: TLSSettings, _ proxies: ProxyRules) throws(RegistryError) {
    guard let group = Self.group.value else {
      throw .refused(.io(.resourceTemporarilyUnavailable), "thread of the event loop could not be started")
    }
    self.group = group
    self.tls = tls
    self.proxies = proxies
  }

  deinit {
    for client in clients.value.values { client.shutdown { _ in } }
  }

  /// Selects another client certificate for a server that rejected the last one.
  ///
  /// - Returns: `false` if there is none.
  func useNextIdentity(for url: URL) -> Bool { tls.useNextIdentity(for: url) }

  /// The client for a way, made with the first request that goes it.
  private func client(for route: Route) -> HTTPClient {
    clients.withLock(notifying: .none) { clients in
      if let known = clients[route] { return known }
      let client = Self.makeClient(for: route, on: group)
      clients[route] = client
      return client
    }
  }

  private static func makeClient(for route: Route, on group: MultiThreadedEventLoopGroup) -> HTTPClient {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: HTTPClient.Configuration.Timeout(connect: Self.connectTimeout))
    configuration.connectionPool = HTTPClient.Configuration.ConnectionPool(
      idleTimeout: .seconds(30), concurrentHTTP1ConnectionsPerHostSoftLimit: ConnectionLimiter.maximumExchanges)
    // `RetryPolicy` decides about further attempts.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = .http1Only
    configuration.http1_1ConnectionDebugInitializer =
      route == .absoluteForm ? AbsoluteFormHandler.add : StatusValidationHandler.add
    if case .tunnel(let proxy) = route {
      configuration.proxy =
        switch proxy.kind {
        case .http:
          .server(
            host: proxy.host, port: proxy.port, authorization: proxy.credentials.map { .basic(credentials: $0) })
        case .socks: .socksServer(host: proxy.host, port: proxy.port)
        }
    }
    return HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
  }

  /// Sends a request, and its body up to the end or to an early response.
  ///
  /// - Returns: the exchange, which delivers the response as it arrives.
  func send(_ request: HTTPRequest, _ cancellation: CancellationToken) throws(RegistryError) -> HTTPExchange {
    try Self.validate(request.url)
    let isSecure = request.url.scheme == "https"
    let proxy = try proxies.proxy(for: request.url)
    let isForwarded = !isSecure && proxy?.kind == .http
    let client = client(for: isForwarded ? .absoluteForm : proxy.map { .tunnel($0) } ?? .direct)
    let configuration = isSecure ? try tls.configuration(for: request.url) : nil
    let permit = try limiter.acquire(isBulk: request.isBulk, cancellation)
    let delegate = ResponseDelegate(through: proxy)
    let exchange: HTTPExchange
    do {
      // Without a wish a server may compress (RFC 9110, section 12.5.3), and the digest is that of the content as it is.
      var headers = HTTPHeaders([("User-Agent", "casfs"), ("Accept-Encoding", "identity")])
      for header in request.headers { headers.add(name: header.name, value: header.value) }
      let body: HTTPClient.Body? =
        switch request.body {
        case .bytes(let bytes): .bytes(bytes)
        case .file(_, _, let count): delegate.body(length: count, on: client.eventLoopGroup.next())
        case nil: nil
        }
      var url = request.url
      if isForwarded, let proxy { url = try Self.forward(url, through: proxy, &headers) }
      let outgoing = try HTTPClient.Request(
        url: url, method: request.method, headers: headers, body: body, tlsConfiguration: configuration)
      let task = client.execute(request: outgoing, delegate: delegate)
      exchange = HTTPExchange(
        delegate, task, cancellation, permit, silenceTimeout: request.silenceTimeout,
        forwardedBy: isForwarded ? proxy : nil)
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

  /// The URL of the proxy that forwards a plain HTTP request, whose fields get the server's name and the proxy's
  /// credentials; ``AbsoluteFormHandler`` does the rest.
  private static func forward(
    _ url: URL, through proxy: Proxy, _ headers: inout HTTPHeaders
  ) throws(RegistryError) -> URL {
    let host = url.host.map { $0.contains(":") && !$0.hasPrefix("[") ? "[\($0)]" : $0 } ?? ""
    headers.add(name: "Host", value: url.port.map { "\(host):\($0)" } ?? host)
    if let credentials = proxy.credentials { headers.add(name: "Proxy-Authorization", value: "Basic \(credentials)") }
    let prefix = url.absoluteString.firstRange(of: "://")?.upperBound
    let target = prefix.map { url.absoluteString[$0...].drop { !"/?#".contains($0) } } ?? ""
    guard let forwarded = URL(string: "http://\(proxy)" + (target.hasPrefix("/") ? target : "/" + target)) else {
      throw .refused(.invalid, "invalid proxy in \(proxy.variable)")
    }
    return forwarded
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
