public import OCI

extension Engine {
  /// Returns the names of all references, each once.
  public func referenceNames() throws(CASError) -> [ReferenceName] {
    if let remote = self as? any RemoteEngine { return try remote.listReferenceNames(cancellation: .none) }
    return try listReferences().map(\.name)
  }

  /// Stores a reference to a blob that must be stored, or embedded in the descriptor; see ``putReference(_:named:replacing:cancellation:)``.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notFound`` if the blob is absent, or was deleted before the reference could
  ///   keep it. The previous reference of that name is restored then.
  public func putReferenceToStored(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool = false,
    cancellation: CancellationToken = .none
  ) throws(CASError) {
    let previous = try previousReference(named: name)
    try putReference(descriptor, named: name, replacing: replacing, cancellation: cancellation)
    // Garbage collection reads the references again before it deletes, so a blob that exists after the put stays.
    do throws(CASError) {
      _ = try blobInfo(descriptor.digest)
    } catch {
      guard error.code == .notFound else { throw error }
      if (try? descriptor.embeddedContent()) != nil { return }
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

  /// The descriptor that a name has now; `nil` if it has none, or a malformed one.
  private func previousReference(named name: ReferenceName) throws(CASError) -> Descriptor? {
    do throws(CASError) {
      return try reference(named: name)
    } catch {
      // After any other error it is not known whether there is something to restore.
      guard error.code == .notFound || error.code == .invalid else { throw error }
      return nil
    }
  }
}
