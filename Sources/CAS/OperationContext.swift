public import OCI

/// An operation of a store, as its errors and its cancellation need it: its name, its subject, and the token.
///
/// A driver creates a context in each method of ``Engine``, and passes it on in place of three parameters.
public struct OperationContext: Sendable {
  /// The text of a subject is created lazily: most operations succeed and need none.
  private enum Subject: Sendable {
    case text(String)
    case digest(Digest)
    case reference(ReferenceName)
  }

  /// The operation, as in "put blob".
  public let operation: String
  /// Cancels the operation.
  public let cancellation: CancellationToken
  private let object: Subject

  /// Creates the context of an operation on a path, a URI, or another subject with a name.
  public init(_ operation: String, on subject: String, cancellation: CancellationToken = .none) {
    self.init(operation, .text(subject), cancellation)
  }

  /// Creates the context of an operation on a blob.
  public init(_ operation: String, on digest: Digest, cancellation: CancellationToken = .none) {
    self.init(operation, .digest(digest), cancellation)
  }

  /// Creates the context of an operation on a reference.
  public init(_ operation: String, on name: ReferenceName, cancellation: CancellationToken = .none) {
    self.init(operation, .reference(name), cancellation)
  }

  private init(_ operation: String, _ object: Subject, _ cancellation: CancellationToken) {
    self.operation = operation
    self.object = object
    self.cancellation = cancellation
  }

  /// The subject of the operation: a digest, a reference name, a path or a URI.
  public var subject: String {
    switch object {
    case .text(let text): text
    case .digest(let digest): digest.description
    case .reference(let name): name.description
    }
  }

  /// Returns the context of the same operation on another path, URI, or subject with a name.
  public func on(_ subject: String) -> OperationContext { OperationContext(operation, .text(subject), cancellation) }

  /// Returns the context of the same operation on another blob.
  public func on(_ digest: Digest) -> OperationContext { OperationContext(operation, .digest(digest), cancellation) }

  /// Returns the context of the same operation on another reference.
  public func on(_ name: ReferenceName) -> OperationContext {
    OperationContext(operation, .reference(name), cancellation)
  }

  /// Throws if the operation was cancelled.
  ///
  /// - Throws: ``CASError/Code-swift.struct/cancelled``.
  public func checkCancellation() throws(CASError) {
    if cancellation.isCancelled { throw CASError(.cancelled, self, cause: "cancelled") }
  }
}
