public import OCI

/// A store that nobody can change: its driver gives what there is to read, and every change fails.
public protocol ReadOnlyEngine: Engine {
  /// Fails with ``CASError/Code-swift.struct/closed`` once the store is closed.
  func checkOpen(_ context: OperationContext) throws(CASError)
}

extension ReadOnlyEngine {
  /// Nothing can be put or deleted.
  public var isWritable: Bool { false }

  /// The descriptor of that name in the index.
  public func reference(named name: ReferenceName) throws(CASError) -> Descriptor {
    guard let entry = try index().entry(named: name) else {
      throw .notFound(OperationContext("get reference", on: name))
    }
    do throws(InvalidValue) {
      return try entry.descriptor.get()
    } catch {
      throw .invalid(OperationContext("get reference", on: name), error)
    }
  }

  /// The references of the index.
  public func listReferences() throws(CASError) -> [Reference] {
    try index().references
  }

  /// Fails with EROFS.
  public func stageBlob(algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage {
    try refuse(OperationContext("put blob", on: base?.description ?? uri))
  }

  /// Fails with EROFS.
  public func deleteBlob(_ digest: Digest) throws(CASError) {
    try refuse(OperationContext("delete blob", on: digest.description))
  }

  /// Fails with EROFS.
  public func putReference(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    try refuse(OperationContext("put reference", on: name.description))
  }

  /// Fails with EROFS.
  public func deleteReference(named name: ReferenceName, cancellation: CancellationToken) throws(CASError) {
    try refuse(OperationContext("delete reference", on: name.description))
  }

  /// Fails with EROFS.
  public func moveReference(
    named name: ReferenceName, to other: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    try refuse(OperationContext("move reference", on: name.description))
  }

  /// Fails with EROFS.
  public func clean(cancellation: CancellationToken) throws(CASError) -> Int {
    try refuse(OperationContext("clean", on: uri))
  }

  private func refuse(_ context: OperationContext) throws(CASError) -> Never {
    try checkOpen(context)
    throw .readOnly(context)
  }
}
