public import OCI

extension Engine {
  /// Returns the names of all references, each once.
  public func referenceNames() throws(CASError) -> [ReferenceName] {
    if let remote = self as? any RemoteEngine { return try remote.namesIfCreated(.none) }
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
    let previous = try previousReference(named: name, replacing: replacing)
    try putReference(descriptor, named: name, replacing: replacing, cancellation: cancellation)
    // Garbage collection reads the references again before it deletes, so a blob that exists after the put stays.
    do throws(CASError) {
      _ = try blobInfo(descriptor.digest)
    } catch {
      guard error.code == .notFound else { throw error }
      if (try? descriptor.embeddedContent()) != nil { return }
      switch previous {
      case .known(let previous): try putReference(previous, named: name, replacing: true, cancellation: .none)
      case .absent: try deleteReference(named: name)
      case .unreadable: break
      }
      throw CASError(
        .notFound, operation: "put reference", subject: name.description,
        cause: "the blob \(descriptor.digest) is not stored")
    }
  }

  /// The state of a name before a put.
  private func previousReference(
    named name: ReferenceName, replacing: Bool
  ) throws(CASError) -> PreviousReference {
    do throws(CASError) {
      return .known(try reference(named: name))
    } catch {
      if error.code == .notFound || error.code == .invalid { return .absent }
      // A reference that a remote store refuses to show can be replaced. After any other error it is not known whether
      // there is something to restore.
      guard replacing, let remote = self as? any RemoteEngine, !remote.isUnreachable, error.code != .cancelled,
        error.code != .closed
      else { throw error }
      return .unreadable
    }
  }
}

/// The state of a name before a put.
private enum PreviousReference {
  case known(Descriptor)
  /// Nothing, or a malformed descriptor.
  case absent
  /// A reference that the store does not return.
  case unreadable
}
