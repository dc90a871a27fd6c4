public import OCI

/// A store that nobody can change: its driver gives what there is to read, and every change fails.
public protocol ReadOnlyEngine: Engine {
  /// Fails with ``CASError/Code-swift.enum/closed`` once the store is closed.
  func checkOpen(_ operation: String, _ subject: String) throws(CASError)
}

extension ReadOnlyEngine {
  /// Nothing can be put or deleted.
  public var isWritable: Bool { false }

  /// The descriptor of that name in the index.
  public func reference(named name: ReferenceName) throws(CASError) -> Descriptor {
    guard let entry = try index().entry(named: name) else { throw .notFound("get reference", name.description) }
    do throws(InvalidValue) {
      return try entry.descriptor.get()
    } catch {
      throw .invalid("get reference", name.description, error)
    }
  }

  /// The references of the index.
  public func listReferences() throws(CASError) -> [Reference] {
    try index().references
  }

  /// Fails with EROFS.
  public func stageBlob(_ algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage {
    try refuse("put blob", base?.description ?? uri)
  }

  /// Fails with EROFS.
  public func deleteBlob(_ digest: Digest) throws(CASError) {
    try refuse("delete blob", digest.description)
  }

  /// Fails with EROFS.
  public func putReference(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    try refuse("put reference", name.description)
  }

  /// Fails with EROFS.
  public func deleteReference(named name: ReferenceName, cancellation: CancellationToken) throws(CASError) {
    try refuse("delete reference", name.description)
  }

  /// Fails with EROFS.
  public func moveReference(
    named name: ReferenceName, to other: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    try refuse("move reference", name.description)
  }

  /// Fails with EROFS.
  public func clean(cancellation: CancellationToken) throws(CASError) -> Int {
    try refuse("clean", uri)
  }

  private func refuse(_ operation: String, _ subject: String) throws(CASError) -> Never {
    try checkOpen(operation, subject)
    throw .readOnly(operation, subject)
  }
}
