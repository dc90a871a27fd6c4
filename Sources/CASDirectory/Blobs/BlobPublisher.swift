import CAS
import CASPlatform
import OCI
import SystemPackage

/// Gives finished content its name in the store, durably, or makes sure of the copy that is there.
struct BlobPublisher {
  let store: DirectoryStore
  let temporary: TemporaryFile
  let digest: Digest
  let context: OperationContext

  /// How often others may put and delete the same blob meanwhile before that is an error.
  private static let maximumAttempts = 100
  /// A stored copy older than this gets the present as its time when it is put again.
  static let refreshInterval = Duration.seconds(1)

  init(_ store: DirectoryStore, _ temporary: TemporaryFile, _ digest: Digest, _ context: OperationContext) {
    self.store = store
    self.temporary = temporary
    self.digest = digest
    self.context = context
  }

  /// Returns when the blob is stored and durable.
  func publish(size: Int64) throws(CASError) {
    let directory = try store.blobs.directoryForWriting(digest.algorithm, context)
    var isPrepared = false
    for _ in 0..<Self.maximumAttempts {
      if let (file, status) = try store.blobs.open(digest, context) {
        if status.size == size, try confirmStoredCopy(file, status, directory) { return }
        return try replace(directory, &isPrepared)
      }
      try prepare(&isPrepared)
      let isOurs = try mappingErrno(context) { () throws(Errno) in
        try store.retryingAfterEviction { () throws(Errno) in try link(directory) }
      }
      if isOurs { return try finish(directory) }
    }
    throw CASError(
      .io(.resourceBusy), context,
      cause: "gave up after \(Self.maximumAttempts) attempts: other writers keep replacing the blob")
  }

  /// Makes sure of a copy that is stored already, and makes it young and durable.
  ///
  /// - Returns: whether it is good; else it is to be replaced.
  private func confirmStoredCopy(
    _ file: OpenFile, _ status: FileStatus, _ directory: BlobDirectories.Directory
  ) throws(CASError) -> Bool {
    let identity: FileIdentity
    do throws(CASError) {
      identity = try store.verifier.verify(
        file, status.identity, is: digest, ignoringCache: store.options.verification == .always, context)
    } catch {
      // Corrupt, unreadable or being written by another tool: our copy is good and takes its place.
      if error.code == .cancelled || error.code == .closed { throw error }
      return false
    }
    let known = store.verifier.known(digest)
    let isOld = .seconds(identity.modified.age) > Self.refreshInterval
    let isDurable = known?.identity == identity && known?.isDurable == true
    if !isOld, isDurable { return true }
    do throws(Errno) {
      // Held until it is certain that the young copy is the one that has the name.
      let lock = isOld ? try directory.acquireLock(.shared, context.cancellation) : nil
      defer { withExtendedLifetime(lock) {} }
      if isOld {
        guard try file.status().identity == identity else { return false }
        try file.touch()
      }
      // Only another writer's name and content may not be durable yet; a lost time does no harm.
      if !isDurable {
        try file.synchronize()
        try directory.batcher.synchronize()
      }
      var expected = identity
      let after = try file.status().identity
      if isOld { (expected.modified, expected.changed) = (after.modified, after.changed) }
      // Deleted or replaced meanwhile: ours goes in.
      guard after == expected, try directory.file.status(of: digest.hex).identity == after else { return false }
      store.verifier.remember(digest, after, isDurable: true)
      return true
    } catch {
      if error == .interrupted { try context.checkCancellation() }
      // Another user's file cannot be made young; a copy of our own is.
      let replaceable: [Errno] = [.permissionDenied, .notPermitted, .noSuchFileOrDirectory]
      guard replaceable.contains(error) else { throw CASError(error, context) }
      return false
    }
  }

  /// Puts our copy in the place of whatever has the name, which is never absent meanwhile.
  private func replace(_ directory: BlobDirectories.Directory, _ isPrepared: inout Bool) throws(CASError) {
    try prepare(&isPrepared)
    try mappingErrno(context) { () throws(Errno) in
      do throws(Errno) {
        try temporary.replace(digest.hex, in: directory.file)
      } catch {
        temporary.removeName()
        throw error
      }
    }
    try finish(directory)
  }

  private func prepare(_ isPrepared: inout Bool) throws(CASError) {
    if isPrepared { return }
    try context.checkCancellation()
    try mappingErrno(context) { () throws(Errno) in
      do throws(Errno) {
        try temporary.file.setPermissions(0o444)
      } catch {
        // File systems without modes; the mode is a courtesy, and nothing relies on it.
        guard error == .notPermitted || error == .notSupportedOnSocket else { throw error }
      }
      // A blob is as old as its publication, however long it took to write.
      try temporary.file.touch()
      try temporary.file.synchronize()
    }
    isPrepared = true
  }

  private func link(_ directory: BlobDirectories.Directory) throws(Errno) -> Bool {
    do throws(Errno) {
      try temporary.link(as: digest.hex, in: directory.file)
      return true
    } catch {
      guard error == .fileExists else { throw error }
      return false
    }
  }

  private func finish(_ directory: BlobDirectories.Directory) throws(CASError) {
    try mappingErrno(context) { () throws(Errno) in
      try directory.batcher.synchronize()
      // Only now: giving the name changed the inode.
      store.verifier.remember(digest, try temporary.file.status().identity, isDurable: true)
    }
  }
}
