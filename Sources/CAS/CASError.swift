public import OCI
public import SystemPackage

/// Why an operation of a store failed.
///
/// The message names the operation, what it was done to, and the cause; ``Code-swift.enum/errno`` is the one system
/// error number that stands for the kind of failure.
public struct CASError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: Hashable, Sendable {
    /// The argument, or what the store holds, is not what it must be.
    case invalid
    /// This driver cannot do it.
    case notImplemented
    /// The name is taken by something different.
    case clobber
    /// It is not there.
    case notFound
    /// Stored content is not what its digest says.
    case corrupt(expected: Digest, actual: Digest)
    /// Content that was put is not what the caller said it would be.
    case mismatch
    /// The caller's cancellation token was cancelled.
    case cancelled
    /// The store was closed before.
    case closed
    /// The system refused.
    case io(Errno)

    /// The system error number for it.
    public var errno: Errno {
      switch self {
      case .invalid: .invalidArgument
      case .notImplemented: .notSupportedOnSocket
      case .clobber: .fileExists
      case .notFound: .noSuchFileOrDirectory
      case .corrupt: .ioError
      case .mismatch: .badMessage
      case .cancelled: .interrupted
      case .closed: .badFileDescriptor
      case .io(let errno): errno
      }
    }
  }

  /// The kind of failure.
  public let code: Code
  /// What was being done, as in "put blob".
  public let operation: String
  /// What it was done to: a digest, a name, a path or URI.
  public let subject: String
  /// Why it failed.
  public let cause: String

  /// Makes an error of its parts.
  public init(_ code: Code, _ operation: String, _ subject: String, cause: String) {
    self.code = code
    self.operation = operation
    self.subject = subject
    self.cause = cause
  }

  /// An error the system reported, in its words; an absent file is ``Code-swift.enum/notFound``.
  public init(_ errno: Errno, _ operation: String, _ subject: String) {
    let code: Code = errno == .noSuchFileOrDirectory ? .notFound : .io(errno)
    self.init(code, operation, subject, cause: errno.description)
  }

  /// The same failure of another operation or subject.
  public func during(_ operation: String, _ subject: String) -> CASError {
    CASError(code, operation, subject, cause: cause)
  }

  /// Operation, subject and cause, in one line: control characters in them, such as a path may have, become `?`.
  public var description: String {
    var text = String.UnicodeScalarView()
    for scalar in "\(operation) \(subject): \(cause)".unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: text.append("?")
      default: text.append(scalar)
      }
    }
    return String(text)
  }

  /// An error about stored content that is not what its digest says.
  public static func corrupt(_ operation: String, expected: Digest, actual: Digest) -> CASError {
    CASError(
      .corrupt(expected: expected, actual: actual), operation, expected.description,
      cause: "corrupt: the stored content has the digest \(actual)")
  }

  /// An error about something that is not there.
  public static func notFound(_ operation: String, _ subject: String) -> CASError {
    CASError(.notFound, operation, subject, cause: "not found")
  }

  /// An error about a value that is not what it must be.
  public static func invalid(_ operation: String, _ subject: String, _ reason: InvalidValue) -> CASError {
    CASError(.invalid, operation, subject, cause: reason.reason)
  }

  /// An error about a store that was closed before.
  public static func closed(_ operation: String, _ subject: String) -> CASError {
    CASError(.closed, operation, subject, cause: "the store is closed")
  }

  /// An error about a change of a store that cannot be changed: EROFS.
  public static func readOnly(_ operation: String, _ subject: String) -> CASError {
    CASError(.io(.readOnlyFileSystem), operation, subject, cause: "the store is read-only")
  }

  /// An error about a name that something different has.
  public static func clobber(_ operation: String, _ subject: String) -> CASError {
    CASError(.clobber, operation, subject, cause: "the name is taken by a different descriptor")
  }
}
