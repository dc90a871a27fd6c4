public import OCI
public import SystemPackage

/// The error of every operation of a store: what failed, on which subject, and why.
///
/// Programs test ``code``; ``description`` is for people. Each code has one error number of `errno(3)`, with which a mount
/// replies.
public struct CASError: Error, Sendable, CustomStringConvertible {
  /// The kind of a failure.
  ///
  /// It is a struct and not an enum, so that a later version can add kinds without breaking a client's `switch`.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Kind: String {
      case invalid, notImplemented, clobber, notFound, corrupt, mismatch, cancelled, closed, io
    }

    private let kind: Kind
    /// The system error number of this kind of failure: `errno(3)`.
    public let errno: Errno

    private init(_ kind: Kind, _ errno: Errno) {
      self.kind = kind
      self.errno = errno
    }

    /// An argument, or something in the store, is malformed: EINVAL.
    public static let invalid = Code(.invalid, .invalidArgument)
    /// The driver does not support the operation: EOPNOTSUPP.
    public static let notImplemented = Code(.notImplemented, .notSupportedOnSocket)
    /// The name is taken by a different descriptor: EEXIST.
    public static let clobber = Code(.clobber, .fileExists)
    /// The blob, reference or store does not exist: ENOENT.
    public static let notFound = Code(.notFound, .noSuchFileOrDirectory)
    /// Stored content does not match its digest: EIO. ``CASError/corruption`` has both digests.
    public static let corrupt = Code(.corrupt, .ioError)
    /// Content that was put does not match what the caller expected: EBADMSG.
    public static let mismatch = Code(.mismatch, .badMessage)
    /// The cancellation token was cancelled: EINTR.
    public static let cancelled = Code(.cancelled, .interrupted)
    /// The store was closed before the operation: EBADF.
    public static let closed = Code(.closed, .badFileDescriptor)

    /// A system call failed with this error number.
    public static func io(_ errno: Errno) -> Code { Code(.io, errno) }

    /// The name of the code, as in `notFound`; of a failed system call `io` and its error number.
    public var description: String { kind == .io ? "io(\(errno.rawValue))" : kind.rawValue }
  }

  /// The digests of content that differs from its address.
  public struct Corruption: Hashable, Sendable {
    /// The digest by which the content is stored.
    public let expected: Digest
    /// The digest of the content.
    public let actual: Digest

    /// Creates a pair of digests.
    public init(expected: Digest, actual: Digest) {
      self.expected = expected
      self.actual = actual
    }
  }

  /// The kind of failure.
  public let code: Code
  /// The operation that failed, as in "put blob".
  public let operation: String
  /// The subject of the operation: a digest, a reference name, a path or a URI.
  public let subject: String
  /// The reason, in a few words for a person.
  public let cause: String
  /// The error behind this one, where another library or the system reported it.
  public let underlyingError: (any Error)?
  /// Both digests of content that is ``Code-swift.struct/corrupt``; `nil` for other codes.
  public let corruption: Corruption?

  /// Creates an error from its parts.
  public init(
    _ code: Code, operation: String, subject: String, cause: String, underlyingError: (any Error)? = nil,
    corruption: Corruption? = nil
  ) {
    self.code = code
    self.operation = operation
    self.subject = subject
    self.cause = cause
    self.underlyingError = underlyingError
    self.corruption = corruption
  }

  /// Creates the error of an operation.
  public init(
    _ code: Code, _ context: OperationContext, cause: String, underlyingError: (any Error)? = nil,
    corruption: Corruption? = nil
  ) {
    self.init(
      code, operation: context.operation, subject: context.subject, cause: cause, underlyingError: underlyingError,
      corruption: corruption)
  }

  /// Creates the error of an operation whose system call failed: ENOENT becomes ``Code-swift.struct/notFound``, every
  /// other number ``Code-swift.struct/io(_:)``.
  public init(_ errno: Errno, _ context: OperationContext) {
    let code: Code = errno == .noSuchFileOrDirectory ? .notFound : .io(errno)
    self.init(code, context, cause: errno.description, underlyingError: errno)
  }

  /// Returns the same failure as the error of another operation.
  public func during(_ context: OperationContext) -> CASError {
    CASError(code, context, cause: cause, underlyingError: underlyingError, corruption: corruption)
  }

  /// Operation, subject and cause on one line. Control characters, which a path may contain, become `?`.
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
}

extension CASError: Hashable {
  /// Compares everything but ``underlyingError``, which need not be comparable.
  public static func == (left: CASError, right: CASError) -> Bool {
    left.code == right.code && left.operation == right.operation && left.subject == right.subject
      && left.cause == right.cause && left.corruption == right.corruption
  }

  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(code)
    hasher.combine(operation)
    hasher.combine(subject)
    hasher.combine(cause)
    hasher.combine(corruption)
  }
}

extension CASError {
  /// Stored content does not match its digest.
  public static func corrupt(_ context: OperationContext, expected: Digest, actual: Digest) -> CASError {
    CASError(
      .corrupt, operation: context.operation, subject: expected.description,
      cause: "corrupt: the stored content has the digest \(actual)",
      corruption: Corruption(expected: expected, actual: actual))
  }

  /// The subject does not exist.
  public static func notFound(_ context: OperationContext) -> CASError {
    CASError(.notFound, context, cause: "not found")
  }

  /// A value is malformed.
  public static func invalid(_ context: OperationContext, _ error: InvalidValue) -> CASError {
    CASError(.invalid, context, cause: error.reason, underlyingError: error)
  }

  /// The store was closed before the operation.
  public static func closed(_ context: OperationContext) -> CASError {
    CASError(.closed, context, cause: "the store is closed")
  }

  /// The store cannot be changed: EROFS.
  public static func readOnly(_ context: OperationContext) -> CASError {
    CASError(.io(.readOnlyFileSystem), context, cause: "the store is read-only")
  }

  /// A different descriptor has the name.
  public static func clobber(_ context: OperationContext) -> CASError {
    CASError(.clobber, context, cause: "the name is taken by a different descriptor")
  }
}
