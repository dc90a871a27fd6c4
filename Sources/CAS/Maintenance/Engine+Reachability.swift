public import CASPlatform
public import OCI
import SystemPackage

/// The result of a deletion that spares blobs the index reaches.
public enum GuardedDeletion: Sendable {
  /// The blob is absent now.
  case deleted
  /// The blob stays: the index reaches it, or it was put since the moment of the call.
  case reachable
  /// The blob stays: a stored manifest cannot be read, so its references are unknown.
  case undecided(CASError)
}

extension Engine {
  /// Returns every digest that the index reaches: from all entries, named or not, through manifests and indexes, OCI's and
  /// Docker's, including `subject`.
  ///
  /// Absent content, and content that is not JSON, has no references. In JSON of an unknown type everything with the form of
  /// a descriptor or digest counts as one.
  ///
  /// - Throws: the error of a stored manifest that cannot be read, since its references are unknown then.
  public func reachableDigests(cancellation: CancellationToken = .none) throws(CASError) -> Set<Digest> {
    var walk = ReferenceWalk()
    try walk.mark(index(), in: self, cancellation)
    return walk.reached
  }

  /// Deletes a blob unless the index reaches it. If the store is ``GarbageCollectable``, the references are locked from the
  /// test to the deletion.
  ///
  /// - Throws: an error of the deletion. A reason to keep the blob is a result and not an error.
  public func deleteBlobUnlessReachable(
    _ digest: Digest, cancellation: CancellationToken = .none
  ) throws(CASError) -> GuardedDeletion {
    try deleteBlobsUnlessReachable([digest], cancellation: cancellation)[0]
  }

  /// Deletes blobs unless the index reaches them, as ``deleteBlobUnlessReachable(_:cancellation:)`` does, in one walk.
  ///
  /// - Parameter moment: a blob that was put since then stays, if the store is ``GarbageCollectable``; `nil` deletes it.
  /// - Returns: the result for each digest, in their order.
  public func deleteBlobsUnlessReachable(
    _ digests: [Digest], ifUnchangedSince moment: Timestamp? = nil, cancellation: CancellationToken = .none
  ) throws(CASError) -> [GuardedDeletion] {
    guard let first = digests.first else { return [] }
    var walk = ReferenceWalk()
    // Manifests are read before the references are locked, so that only changes are read under the lock.
    let found = try obstacles(digests, index(), &walk, cancellation)
    if found.allSatisfy({ $0 != nil }) { return found.compactMap { $0 } }
    guard let store = self as? any GarbageCollectable else { return try delete(digests, moment, unless: found) }
    return try store.withReferencesLocked(OperationContext("delete blob", on: first, cancellation: cancellation)) {
      (index) throws(CASError) in
      try delete(digests, moment, unless: obstacles(digests, index, &walk, cancellation))
    }
  }

  private func delete(
    _ digests: [Digest], _ moment: Timestamp?, unless obstacles: [GuardedDeletion?]
  ) throws(CASError) -> [GuardedDeletion] {
    var results: [GuardedDeletion] = []
    for (digest, obstacle) in zip(digests, obstacles) {
      if let obstacle {
        results.append(obstacle)
        continue
      }
      var isDeleted = true
      if let moment, let store = self as? any GarbageCollectable {
        isDeleted = try store.deleteBlob(digest, ifUnchangedSince: moment)
      } else {
        try deleteBlob(digest)
      }
      results.append(isDeleted ? .deleted : .reachable)
    }
    return results
  }

  private func obstacles(
    _ digests: [Digest], _ index: ImageIndex, _ walk: inout ReferenceWalk, _ cancellation: CancellationToken
  ) throws(CASError) -> [GuardedDeletion?] {
    do throws(CASError) {
      try walk.mark(index, in: self, cancellation)
      return digests.map { walk.reached.contains($0) ? .reachable : nil }
    } catch {
      if error.code == .cancelled || error.code == .closed { throw error }
      return digests.map { _ in .undecided(error) }
    }
  }
}
