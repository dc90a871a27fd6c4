import AsyncHTTPClient
import CAS
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// Why a request has no answer, or none that can be used.
enum RegistryError: Error {
  /// The registry cannot be reached, or says nothing.
  case unreachable(String)
  /// The connection broke.
  case connectionLost(String)
  /// TLS was not agreed on; whether what answered does not speak it at all.
  case tls(String, isPlaintext: Bool)
  /// It answered in a way that another attempt would not change.
  case refused(CASError.Code, String)
  case cancelled

  /// Takes an error of the HTTP client.
  init(_ error: any Error) {
    switch error {
    case let error as RegistryError: self = error
    case let error as HTTPClientError:
      switch error {
      case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
        self = .unreachable("no connection in time")
      case .remoteConnectionClosed: self = .connectionLost("the connection was closed")
      case .cancelled: self = .cancelled
      default: self = .connectionLost(error.shortDescription.sanitized)
      }
    case let error as NIOSSLError: self = Self.tls(error)
    case let error as BoringSSLError: self = Self.tls(error)
    case is NIOSSLExtraError: self = .tls("the certificate is not the host's", isPlaintext: false)
    case let error as NIOConnectionError:
      if let first = error.connectionErrors.first {
        self.init(first.error)
      } else {
        self = .unreachable("the host's name has no address")
      }
    case let error as IOError:
      let errno = Errno(rawValue: error.errnoCode)
      let isClosed = errno == .connectionReset || errno == .brokenPipe
      self = isClosed ? .connectionLost("the connection was closed") : .unreachable(errno.description)
    case let error as ChannelError:
      if case .connectTimeout = error {
        self = .unreachable("no connection in time")
      } else {
        self = .connectionLost("the connection was closed")
      }
    case is HTTPParserError: self = .connectionLost("the answer is no HTTP")
    default: self = .connectionLost("the connection failed")
    }
  }

  /// Whether another attempt may fare better.
  var isTransient: Bool {
    switch self {
    case .unreachable, .connectionLost: true
    case .tls, .refused, .cancelled: false
    }
  }

  private static func tls(_ error: any Error) -> RegistryError {
    let text = "\(error)"
    // OpenSSL's name for bytes that are no TLS; or the other side went away at the first it did not understand.
    let isPlaintext = ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "uncleanShutdown", "EOF during handshake"].contains {
      text.contains($0)
    }
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      return .tls("the certificate cannot be verified; a CA's own can be put into certs.d", isPlaintext: false)
    }
    return .tls(isPlaintext ? "the server does not speak TLS" : reason(text), isPlaintext: isPlaintext)
  }

  /// What BoringSSL says of an error in between what Swift does: `…OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE at …`.
  private static func reason(_ text: String) -> String {
    guard let words = text.firstRange(of: "OPENSSL_internal:") else { return "there is no connection" }
    let name = text[words.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    return name.lowercased().replacing("_", with: " ")
  }

}

extension CASError {
  /// The error of an operation on a repository.
  init(_ error: RegistryError, _ context: OperationContext, _ repositoryName: String) {
    switch error {
    case .unreachable(let reason), .connectionLost(let reason):
      self.init(.io(.ioError), context, cause: "\(repositoryName): \(reason)")
    case .tls(let reason, _):
      self.init(.io(.ioError), context, cause: "\(repositoryName): TLS failed: \(reason)")
    case .refused(let code, let reason):
      self.init(refused: code, context, "\(repositoryName): \(reason)")
    case .cancelled: self.init(.cancelled, context, cause: "cancelled")
    }
  }

  /// An error about what a registry refuses.
  init(refused code: Code, _ context: OperationContext, _ reason: String) {
    let words = code == .io(.permissionDenied) ? "Permission denied: " : ""
    self.init(code, context, cause: words + reason)
  }
}
