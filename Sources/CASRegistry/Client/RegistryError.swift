import AsyncHTTPClient
import CAS
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// The failure of a request, before it becomes the error of an operation.
enum RegistryError: Error {
  /// No connection, or no data within the timeout. Repeatable.
  case unreachable(String)
  /// The connection ended, or the response was cut short or malformed. Repeatable.
  case connectionLost(String)
  /// The TLS handshake failed; `isPlaintext` if the server does not speak TLS at all.
  case tls(String, isPlaintext: Bool)
  /// A failure that another attempt would not change.
  case refused(CASError.Code, String)
  case cancelled

  /// Maps an error of AsyncHTTPClient, NIO or BoringSSL.
  init(_ error: any Error) {
    switch error {
    case let error as RegistryError: self = error
    case let error as HTTPClientError:
      switch error {
      case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
        self = .unreachable("connection timed out")
      case .remoteConnectionClosed: self = .connectionLost("connection closed by the server")
      case .cancelled: self = .cancelled
      default: self = .connectionLost(error.shortDescription.sanitized)
      }
    case let error as NIOSSLError: self = Self.tls(error)
    case let error as BoringSSLError: self = Self.tls(error)
    case is NIOSSLExtraError: self = .tls("certificate is for another host", isPlaintext: false)
    case let error as NIOConnectionError:
      if let first = error.connectionErrors.first {
        self.init(first.error)
      } else {
        self = .unreachable("host not found")
      }
    case let error as IOError:
      let errno = Errno(rawValue: error.errnoCode)
      let isClosed = errno == .connectionReset || errno == .brokenPipe
      self = isClosed ? .connectionLost("connection closed by the server") : .unreachable(errno.description)
    case let error as ChannelError:
      if case .connectTimeout = error {
        self = .unreachable("connection timed out")
      } else {
        self = .connectionLost("connection closed by the server")
      }
    case let error as HTTPParserError where error == .invalidEOFState:
      self = .connectionLost("connection closed by the server")
    case is HTTPParserError: self = .connectionLost("malformed HTTP response")
    default: self = .connectionLost("connection failed")
    }
  }

  /// Maps an error of a connection that goes through a proxy, so that the message tells the two apart.
  init(_ error: any Error, through proxy: Proxy?) {
    guard let proxy else {
      self.init(error)
      return
    }
    switch error as? HTTPClientError {
    case .proxyAuthenticationRequired?: self = .missingCredentials(of: proxy)
    case .invalidProxyResponse?: self = .connectionLost("proxy \(proxy) refused the connection")
    case .httpProxyHandshakeTimeout?, .socksHandshakeTimeout?: self = .unreachable("proxy \(proxy): no answer")
    default:
      switch RegistryError(error) {
      case .unreachable(let reason): self = .unreachable("proxy \(proxy): \(reason)")
      case .connectionLost(let reason): self = .connectionLost("\(reason) (proxy \(proxy))")
      case let other: self = other
      }
    }
  }

  /// The error of a proxy that answers 407.
  static func missingCredentials(of proxy: Proxy) -> RegistryError {
    .refused(
      .io(.permissionDenied),
      proxy.credentials == nil
        ? "proxy \(proxy) requires credentials: \(proxy.variable)=http://USER:PASSWORD@\(proxy)"
        : "proxy \(proxy) rejected the credentials of \(proxy.variable)")
  }

  /// Whether another attempt may succeed.
  var isTransient: Bool {
    switch self {
    case .unreachable, .connectionLost: true
    case .tls, .refused, .cancelled: false
    }
  }

  /// The same failure of a named server, which is not the registry.
  func prefixed(_ server: String) -> RegistryError {
    switch self {
    case .unreachable(let reason): .unreachable("\(server): \(reason)")
    case .connectionLost(let reason): .connectionLost("\(server): \(reason)")
    case .tls(let reason, let isPlaintext): .tls("\(server): \(reason)", isPlaintext: isPlaintext)
    case .refused(let code, let reason): .refused(code, "\(server): \(reason)")
    case .cancelled: .cancelled
    }
  }

  private static func tls(_ error: any Error) -> RegistryError {
    let text = "\(error)"
    // A plain HTTP server sends bytes that BoringSSL rejects by these names, or closes the connection.
    let isPlaintext = ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "uncleanShutdown", "EOF during handshake"].contains {
      text.contains($0)
    }
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      return .tls(
        "certificate verification failed; a private CA belongs in certs.d", isPlaintext: false)
    }
    return .tls(isPlaintext ? "server does not speak TLS" : reason(text), isPlaintext: isPlaintext)
  }

  /// The reason in BoringSSL's text: `…OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE at …`.
  private static func reason(_ text: String) -> String {
    guard let words = text.firstRange(of: "OPENSSL_internal:") else { return "handshake failed" }
    let name = text[words.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    return name.lowercased().replacing("_", with: " ")
  }

}

extension CASError {
  /// Makes the error of an operation on a repository.
  init(_ error: RegistryError, _ context: OperationContext, _ repositoryName: String) {
    switch error {
    case .unreachable(let reason), .connectionLost(let reason):
      self.init(.io(.ioError), context, cause: "\(repositoryName): \(reason)")
    case .tls(let reason, _):
      self.init(.io(.ioError), context, cause: "\(repositoryName): TLS failed: \(reason)")
    case .refused(let code, let reason):
      self.init(code, context, cause: "\(repositoryName): \(reason)")
    case .cancelled: self.init(.cancelled, context, cause: "cancelled")
    }
  }
}
