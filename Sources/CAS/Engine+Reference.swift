public import OCI

extension Engine {
  /// The names of all references, each once.
  public func referenceNames() throws(CASError) -> [ReferenceName] {
    if let remote = self as? any RemoteEngine { return try remote.listReferenceNames(cancellation: .none) }
    return try listReferences().map(\.name)
  }

  /// Gives the descriptor of a stored blob a name; see ``putReference(_:named:replacing:cancellation:)``.
  ///
  /// - Throws: also ``CASError/Code-swift.struct/notFound`` when the blob was removed before the name could keep it; what
  ///   had the name has it again then.
  public func putReferenceToStored(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool = false,
    cancellation: CancellationToken = .none
  ) throws(CASError) {
    let previous = try? reference(named: name)
    try putReference(descriptor, named: name, replacing: replacing, cancellation: cancellation)
    // Whoever removes garbage looks at the names again first, so what is there now stays.
    do throws(CASError) {
      _ = try blobInfo(descriptor.digest)
    } catch {
      guard error.code == .notFound else { throw error }
      if let previous {
        try putReference(previous, named: name, replacing: true, cancellation: .none)
      } else {
        try deleteReference(named: name)
      }
      throw CASError(
        .notFound, operation: "put reference", subject: name.description,
        cause: "the blob \(descriptor.digest) is not stored")
    }
  }
}
