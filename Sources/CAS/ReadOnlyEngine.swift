public import OCI

/// A store that cannot be changed. A driver implements the operations that read; the others throw EROFS.
public protocol ReadOnlyEngine: Engine {
  /// Throws if the store was closed.
  ///
  /// - Throws: ``CASError/Code-swift.struct/closed``.
  func checkOpen(_ context: OperationContext) throws(CASError)
}

extension ReadOnlyEngine {
  /// `false`.
  public var isWritable: Bool { false }

  /// Returns the descriptor of a name, from the index.
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

  /// Returns the references in the index.
  public func listReferences() throws(CASError) -> [Reference] {
    try index().references
  }

  /// Throws EROFS.
  public func stageBlob(algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage {
    try refuse(OperationContext("put blob", on: base?.description ?? uri))
  }

  /// Throws EROFS.
  public func deleteBlob(_ digest: Digest) throws(CASError) {
    try refuse(OperationContext("delete blob", on: digest.description))
  }

  /// Throws EROFS.
  public func putReference(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    try refuse(OperationContext("put reference", on: name.description))
  }

  /// Throws EROFS.
  public func deleteReference(named name: ReferenceName, cancellation: CancellationToken) throws(CASError) {
    try refuse(OperationContext("delete reference", on: name.description))
  }

  /// Throws EROFS.
  public func moveReference(
    named name: ReferenceName, to other: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    try refuse(OperationContext("move reference", on: name.description))
  }

  /// Throws EROFS.
  public func changeIndex(
    _ change: IndexChange, refusesConflicts: Bool, cancellation: CancellationToken
  ) throws(CASError) -> [IndexMerge.Conflict] {
    try refuse(OperationContext("change index", on: uri))
  }

  /// Throws EROFS.
  public func clean(cancellation: CancellationToken) throws(CASError) -> Int {
    try refuse(OperationContext("clean", on: uri))
  }

  private func refuse(_ context: OperationContext) throws(CASError) -> Never {
    try checkOpen(context)
    throw .readOnly(context)
  }
}
