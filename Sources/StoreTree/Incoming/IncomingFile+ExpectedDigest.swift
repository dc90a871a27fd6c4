import CAS
import CASPlatform
import OCI
import SystemPackage

// A name that is a digest is a promise: only content with that digest is committed under it.
extension IncomingFile {
  /// The digest that a name is: `HEX`, with the length of SHA-256 or SHA-512, or `ALGORITHM:HEX`.
  static func expectedDigest(inName name: String) -> Digest? {
    Digest(withOrWithoutAlgorithm: name)
  }

  /// Committed content that was stored under a digest of the other algorithm as well.
  struct Restored: Sendable {
    /// The blob that the name stood for.
    var original: BlobAddress
    /// The same content under the other algorithm.
    var address: BlobAddress
  }

  /// Stores the committed content under the algorithm of an expected digest too, when it was hashed with the other.
  ///
  /// - Returns: `nil` when nothing is committed, or the content has that algorithm already.
  /// - Throws: EBADMSG when the content has another digest; nothing is stored then.
  func restore(as expectedDigest: Digest?, _ context: RequestContext) throws(Errno) -> Restored? {
    try waitWhileBusy(context)
    guard let expectedDigest, let original = state.withLock({ $0.committed }),
      original.digest.algorithm != expectedDigest.algorithm
    else { return nil }
    context.willBlock()
    let address = try shared.errors.map(
      try shared.engine.stageBlob(algorithm: expectedDigest.algorithm, copying: original.digest)
        .commit(expecting: BlobExpectation(digest: expectedDigest), cancellation: context.cancellation))
    return Restored(original: original, address: address)
  }

  /// Sets the digest that a new name promises.
  ///
  /// - Throws: EBADMSG when the committed content has another digest, EBUSY when it was written again since it was
  ///   restored, EOPNOTSUPP when content is being written with the other algorithm.
  func setExpectedDigest(_ digest: Digest?, _ restored: Restored?) throws(Errno) {
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

  /// Turns the name into the blob's own.
  ///
  /// - Parameter isTaken: whether the blob was stored before, and must not be replaced.
  /// - Throws: EBUSY while a writer has the file open or content is not committed, EBADMSG when the content has another
  ///   digest, EEXIST when the blob's name is taken.
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
  /// The blob that the name stands for, when all content is committed.
  var committed: BlobAddress? { isDirty ? nil : address }

  /// The committed blob under an algorithm.
  ///
  /// - Throws: EBUSY when the file was written again since it was restored under that algorithm.
  fileprivate func address(
    by algorithm: Digest.Algorithm, _ restored: IncomingFile.Restored?
  ) throws(Errno) -> BlobAddress? {
    guard let committed else { return nil }
    if committed.digest.algorithm == algorithm { return committed }
    guard let restored, restored.original == committed else { throw .resourceBusy }
    return restored.address
  }
}
