import CAS
import CASPlatform
import OCI
import SystemPackage

/// Publishes a finished temporary file under its digest, durably: `fsync(2)`, `linkat(2)`, `fsync(2)` of the directory.
/// Where the file system has no hard links, `renameat2(2)` takes their place.
/// If the blob is stored already, the stored copy is verified, made durable, and replaced if it is corrupt.
struct BlobPublisher {
  private let store: DirectoryStore
  private let temporary: TemporaryFile
  private let digest: Digest
  private let context: OperationContext

  /// A temporary file whose mode, time and content are final and durable.
  private struct Preparation {
    /// The time of modification that it was given so that a later change shows; `nil` if it has the present time.
    var modified: Timestamp?
  }

  /// The limit on losses against other processes that put and delete the same blob.
  private static let maximumAttempts = 100
  /// The age from which a put sets the time of a stored copy to the present, so that garbage collection keeps it.
  static let refreshInterval = Duration.seconds(1)

  init(_ store: DirectoryStore, _ temporary: TemporaryFile, _ digest: Digest, _ context: OperationContext) {
    self.store = store
    self.temporary = temporary
    self.digest = digest
    self.context = context
  }

  /// Returns when the blob is stored and durable.
  ///
  /// - Parameter size: the length of the content, in bytes.
  /// - Throws: `CASError.Code.cancelled`; `CASError.Code.io(_:)` with EBUSY after too many losses, or with the error of
  ///   a system call.
  func publish(size: Int64) throws(CASError) {
    let directory = try store.blobs.directoryForWriting(digest.algorithm, context)
    var preparation: Preparation?
    for _ in 0..<Self.maximumAttempts {
      if let (file, status) = try store.blobs.open(digest, context) {
        if status.size == size, try confirmStoredCopy(file, status, directory) { return }
        return try replace(directory, &preparation)
      }
      let prepared = try prepare(&preparation)
      let isPublished = try mappingErrno(
        context, try store.retryingAfterEviction { () throws(Errno) in try link(directory) })
      if isPublished { return try finish(directory, prepared) }
    }
    throw CASError(
      .io(.resourceBusy), context,
      cause: "gave up after \(Self.maximumAttempts) attempts: other writers keep replacing the blob")
  }

  /// Verifies a stored copy, refreshes its time, and makes it durable.
  ///
  /// - Returns: whether the copy can stay; otherwise it is replaced.
  private func confirmStoredCopy(
    _ file: OpenFile, _ status: FileStatus, _ directory: BlobDirectories.Directory
  ) throws(CASError) -> Bool {
    let identity: FileIdentity
    do throws(CASError) {
      identity = try store.verifier.verify(
        file, status.identity, is: digest, ignoringCache: store.options.verification == .always, context)
    } catch {
      // Corrupt, unreadable or being written by another tool: the new copy takes its place.
      if error.code == .cancelled || error.code == .closed { throw error }
      return false
    }
    let known = store.verifier.known(digest)
    let isOld = .seconds(identity.modified.age) > Self.refreshInterval
    let isDurable = known?.identity == identity && known?.isDurable == true
    if !isOld, isDurable { return true }
    do throws(Errno) {
      // Held until the refreshed copy is known to have the name still.
      let lock = isOld ? try directory.acquireLock(.shared, context.cancellation) : nil
      defer { withExtendedLifetime(lock) {} }
      if isOld {
        guard try file.status().identity == identity else { return false }
        try file.touch()
      }
      // Name and content may be another writer's and not durable. The time need not be.
      if !isDurable {
        try file.synchronize()
        try directory.batcher.synchronize()
      }
      var expected = identity
      let after = try file.status().identity
      if isOld { (expected.modified, expected.changed) = (after.modified, after.changed) }
      // If the copy was deleted or replaced meanwhile, the new one is published.
      guard after == expected, try directory.file.status(of: digest.hex).identity == after else { return false }
      store.verifier.remember(digest, after, isDurable: true)
      return true
    } catch {
      if error == .interrupted { try context.checkCancellation() }
      // The time of another user's file cannot be set, so the new copy replaces that file.
      let replaceable: [Errno] = [.permissionDenied, .notPermitted, .noSuchFileOrDirectory]
      guard replaceable.contains(error) else { throw CASError(error, context) }
      return false
    }
  }

  /// Replaces the stored copy in one step: at no time is the name absent.
  private func replace(_ directory: BlobDirectories.Directory, _ preparation: inout Preparation?) throws(CASError) {
    let prepared = try prepare(&preparation)
    try mappingErrno(context) { () throws(Errno) in
      do throws(Errno) {
        try temporary.replace(digest.hex, in: directory.file)
      } catch {
        temporary.removeName()
        throw error
      }
    }
    try finish(directory, prepared)
  }

  /// Makes mode, time and content final and durable, once.
  private func prepare(_ preparation: inout Preparation?) throws(CASError) -> Preparation {
    if let preparation { return preparation }
    try context.checkCancellation()
    let prepared = try mappingErrno(context) { () throws(Errno) in
      // Nothing relies on the mode.
      try temporary.file.setSupportedPermissions(0o444)
      // The age of a blob counts from its publication, not from the first write.
      let modified = setEarlierTime(temporary.file)
      if modified == nil { try temporary.file.touchIfSupported() }
      try temporary.file.synchronize()
      return Preparation(modified: modified)
    }
    preparation = prepared
    return prepared
  }

  /// In a store that records what was verified, sets the time of a file to a moment before the present, so that each later
  /// change sets another, even one within the same tick of the clock.
  ///
  /// - Returns: the time; `nil` if it was not set.
  private func setEarlierTime(_ file: OpenFile) -> Timestamp? {
    guard store.verifier.remembers else { return nil }
    let time = Timestamp.now.earlier(byMilliseconds: VerificationRecord.tick)
    return (try? file.setModified(time)) == nil ? nil : time
  }

  /// - Returns: `false` if another writer has published the blob.
  private func link(_ directory: BlobDirectories.Directory) throws(Errno) -> Bool {
    do throws(Errno) {
      try name(directory)
      return true
    } catch {
      guard error == .fileExists else { throw error }
      return false
    }
  }

  /// Gives the file the digest as its name.
  ///
  /// - Throws: EEXIST if the name is taken.
  private func name(_ directory: BlobDirectories.Directory) throws(Errno) {
    do throws(Errno) {
      try temporary.link(as: digest.hex, in: directory.file)
    } catch {
      guard error.isLinkingUnsupported else { throw error }
      // Later files get names from the start, so that they need not be copied.
      store.useNamedTemporaries()
      try renameUnderLock(directory)
    }
  }

  /// Publishes on a file system with neither hard links nor `RENAME_NOREPLACE`.
  ///
  /// The lock orders the puts of all casfs processes. A copy that another tool stores between the check and the rename is
  /// replaced by this one, which was hashed and is durable.
  private func renameUnderLock(_ directory: BlobDirectories.Directory) throws(Errno) {
    let lock = try directory.acquireLock(.exclusive, context.cancellation)
    defer { withExtendedLifetime(lock) {} }
    do throws(Errno) {
      _ = try directory.file.status(of: digest.hex)
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
      return try temporary.replace(digest.hex, in: directory.file)
    }
    throw .fileExists
  }

  private func finish(_ directory: BlobDirectories.Directory, _ prepared: Preparation) throws(CASError) {
    try mappingErrno(context) { () throws(Errno) in
      try directory.batcher.synchronize()
      // Not before: giving the file its name changes its ctime.
      let identity = try temporary.file.status().identity
      store.verifier.remember(digest, identity, isDurable: true)
      store.verifier.recordStored(digest, temporary.file, identity, modified: prepared.modified)
    }
  }
}
