import CAS
import CASPlatform
import OCI
import SystemPackage

/// What a name that is a digest means for the content that has it.
extension IncomingFile {
  /// Committed content that was stored by the other algorithm as well.
  struct Restored: Sendable {
    /// What the name stood for.
    var original: BlobAddress
    /// The same content by the other algorithm.
    var address: BlobAddress
  }

  /// Stores what is committed by the algorithm of a promise too, when it was hashed by another.
  ///
  /// - Returns: `nil` when there is nothing committed, or it has that algorithm already.
  /// - Throws: EBADMSG when the content is not what is promised; nothing is stored then.
  func restore(as expectedDigest: Digest?, _ context: RequestContext) throws(Errno) -> Restored? {
    try waitWhileBusy(context)
    guard let expectedDigest, let original = state.withLock({ $0.committed }),
      original.digest.algorithm != expectedDigest.algorithm
    else { return nil }
    context.willBlock()
    let address = try tree.errors.map(
      try tree.engine.stageBlob(algorithm: expectedDigest.algorithm, copying: original.digest)
        .commit(expecting: BlobExpectation(digest: expectedDigest), cancellation: context.cancellation))
    return Restored(original: original, address: address)
  }

  /// Notes a promise that a new name makes.
  func expectedDigest(_ digest: Digest?, _ restored: Restored?) throws(Errno) {
    try state.withLock { (state) throws(Errno) in
      if let digest {
        if let address = try state.address(by: digest.algorithm, restored) {
          guard address.digest == digest else { throw .badMessage }
          state.address = address
        }
        if state.stage != nil, digest.algorithm != (state.expectedDigest?.algorithm ?? .sha256) {
          throw .notSupportedOnSocket
        }
      }
      state.expectedDigest = digest
    }
  }

  /// Gives the name up for that of the blob: all must be committed and of that digest, and nobody may be writing on.
  ///
  /// - Parameter isTaken: whether the blob had its name before, and that must not be replaced.
  func becomeBlob(_ digest: Digest, _ restored: Restored?, isTaken: Bool) throws(Errno) {
    try state.withLock { (state) throws(Errno) in
      guard state.openWriters == 0, let address = try state.address(by: digest.algorithm, restored) else {
        throw .resourceBusy
      }
      guard address.digest == digest else { throw .badMessage }
      guard !isTaken else { throw .fileExists }
      state.isBlobName = true
    }
  }
}

extension IncomingFile.State {
  /// What the name stands for, when all of it is committed.
  var committed: BlobAddress? { isDirty ? nil : address }

  /// What is committed, by an algorithm; EBUSY when it was written again since it was stored by that.
  fileprivate func address(
    by algorithm: Digest.Algorithm, _ restored: IncomingFile.Restored?
  ) throws(Errno) -> BlobAddress? {
    guard let committed else { return nil }
    if committed.digest.algorithm == algorithm { return committed }
    guard let restored, restored.original == committed else { throw .resourceBusy }
    return restored.address
  }
}
