public import OCI
import SystemPackage

/// What became of a blob that was to be removed unless something needs it.
public enum GuardedDeletion: Sendable {
  /// It is not there now.
  case deleted
  /// It stays: the index reaches it.
  case reachable
  /// It stays: nobody knows what a manifest reaches that cannot be read.
  case undecided(CASError)
}

extension Engine {
  /// Every digest that the index reaches: its entries, named or not, and what their manifests and indexes refer to,
  /// OCI's and Docker's, `subject` included.
  ///
  /// Content that is not stored refers to nothing, nor does what is no JSON; of JSON of other types, what looks like a
  /// descriptor counts as one.
  ///
  /// - Throws: what is wrong with a manifest that is stored and cannot be read: what it refers to is not known then.
  public func reachableDigests(cancellation: CancellationToken = .none) throws(CASError) -> Set<Digest> {
    var walk = ReferenceWalk()
    try walk.mark(index(), in: self, cancellation)
    return walk.reached
  }

  /// Removes a blob unless the index reaches it. Where the store can do that (``GarbageCollectable``) nobody gives it a
  /// reference meanwhile.
  ///
  /// - Throws: why it could not be removed; what keeps it from being removed is no error.
  public func deleteBlobUnlessReachable(
    _ digest: Digest, cancellation: CancellationToken = .none
  ) throws(CASError) -> GuardedDeletion {
    var walk = ReferenceWalk()
    // Read before anybody is kept waiting; then only what has changed is.
    if let obstacle = try obstacle(digest, index(), &walk, cancellation) { return obstacle }
    guard let store = self as? any GarbageCollectable else {
      try deleteBlob(digest)
      return .deleted
    }
    return try store.withReferencesLocked(OperationContext("delete blob", on: digest, cancellation: cancellation)) {
      (index) throws(CASError) in
      if let obstacle = try obstacle(digest, index, &walk, cancellation) { return obstacle }
      try deleteBlob(digest)
      return .deleted
    }
  }

  private func obstacle(
    _ digest: Digest, _ index: ImageIndex, _ walk: inout ReferenceWalk, _ cancellation: CancellationToken
  ) throws(CASError) -> GuardedDeletion? {
    do throws(CASError) {
      try walk.mark(index, in: self, cancellation)
      return walk.reached.contains(digest) ? .reachable : nil
    } catch {
      if error.code == .cancelled || error.code == .closed { throw error }
      return .undecided(error)
    }
  }
}
