import CAS
import CASPlatform
import OCI
import SystemPackage

/// The directories `blobs/ALGORITHM` of a store, opened when first used and kept open.
final class BlobDirectories: Sendable {
  /// The open directory of one algorithm.
  final class Directory: Sendable {
    let file: OpenFile
    let batcher: FsyncBatcher
    /// Whether the directory's own entry in `blobs` is known to be durable.
    let isDurable = Monitor(false)

    init(_ file: OpenFile) {
      self.file = file
      batcher = FsyncBatcher(file)
    }

    /// Acquires the lock on the age of the blobs here: `flock(2)` on the directory.
    ///
    /// A put that refreshes a stored copy holds it shared, garbage collection that deletes an old copy exclusively.
    /// Without it, a put could be acknowledged between the check of the age and the deletion, and be lost.
    ///
    /// - Returns: the open file that has the lock, which ends with it; `nil` if the file system has no locks.
    /// - Throws: EINTR if the wait is cancelled.
    func acquireLock(_ kind: OpenFile.LockKind, _ cancellation: CancellationToken) throws(Errno) -> OpenFile? {
      let own = try file.openBeneath(".", [.readOnly, .directory])
      do throws(Errno) {
        while try !own.tryLock(kind) {
          if cancellation.isCancelled { throw .interrupted }
          Thread.sleep(for: .milliseconds(1))
        }
        return own
      } catch {
        guard error.isLockingUnsupported else { throw error }
        return nil
      }
    }

    /// Whether another process removed the directory, and perhaps created a new one in its place.
    var isRemoved: Bool { (try? file.status().links) == 0 }
  }

  private let root: OpenFile
  private let links: LinkPolicy
  private let opened = Monitor<[Digest.Algorithm: Directory]>([:])

  init(_ root: OpenFile, _ links: LinkPolicy) {
    self.root = root
    self.links = links
  }

  /// The directory of an algorithm; `nil` if it does not exist.
  ///
  /// - Parameter revalidating: whether to check that the open directory was not removed, which takes a `statx(2)`.
  func directory(
    _ algorithm: Digest.Algorithm, revalidating: Bool = true, _ context: OperationContext
  ) throws(CASError) -> Directory? {
    if let known = opened.withLock({ $0[algorithm] }) {
      if !revalidating || !known.isRemoved { return known }
      opened.withLock { (opened) in
        if opened[algorithm] === known { opened[algorithm] = nil }
      }
    }
    do throws(Errno) {
      let directory = Directory(try links.openDirectory("blobs/\(algorithm.rawValue)", in: root))
      return opened.withLock { (opened) in
        if let first = opened[algorithm] { return first }
        opened[algorithm] = directory
        return directory
      }
    } catch {
      if error == .noSuchFileOrDirectory { return nil }
      throw directoryError(error, context, file: "blobs/\(algorithm.rawValue)")
    }
  }

  /// The directory of an algorithm, created durably if it does not exist.
  func directoryForWriting(_ algorithm: Digest.Algorithm, _ context: OperationContext) throws(CASError) -> Directory {
    if let directory = try directory(algorithm, context), directory.isDurable.withLock({ $0 }) {
      return directory
    }
    do throws(Errno) {
      let blobs = try root.openBeneath("blobs", [.readOnly, .directory])
      do throws(Errno) {
        try blobs.makeDirectory(algorithm.rawValue)
      } catch {
        guard error == .fileExists else { throw error }
      }
      // Even if it existed: the process that created it may have been killed before its `fsync(2)`.
      try blobs.synchronizeDirectory()
    } catch {
      throw directoryError(error, context, file: "blobs/\(algorithm.rawValue)")
    }
    guard let directory = try directory(algorithm, context) else {
      throw CASError(.noSuchFileOrDirectory, context, file: "blobs/\(algorithm.rawValue)")
    }
    directory.isDurable.withLock { $0 = true }
    return directory
  }

  /// Opens a blob's file; `nil` if the blob is not stored.
  ///
  /// - Throws: `CASError.Code.invalid` if the entry is a FIFO, device or directory, which is not opened, or a link that
  ///   ``LinkPolicy`` does not follow.
  func open(_ digest: Digest, _ context: OperationContext) throws(CASError) -> (file: OpenFile, status: FileStatus)? {
    try withEntry(digest, context) { (directory, hex) throws(Errno) in
      try links.openFile(hex, in: directory)
    }
  }

  /// The status of a blob's file; `nil` if the blob is not stored.
  func status(_ digest: Digest, _ context: OperationContext) throws(CASError) -> FileStatus? {
    try withEntry(digest, context) { (directory, hex) throws(Errno) in
      try links.status(of: hex, in: directory)
    }
  }

  /// Runs `body` with the directory and the name of a blob; `nil` if the entry does not exist. `body` throws EINVAL for
  /// an entry that is not a regular file.
  private func withEntry<Result>(
    _ digest: Digest, _ context: OperationContext, _ body: (OpenFile, String) throws(Errno) -> Result
  ) throws(CASError) -> Result? {
    var isRevalidated = false
    while let directory = try directory(digest.algorithm, revalidating: isRevalidated, context) {
      do throws(Errno) {
        return try body(directory.file, digest.hex)
      } catch {
        switch error {
        case .noSuchFileOrDirectory:
          if links.isDangling(digest.hex, in: directory.file) {
            throw CASError(.invalid, context, cause: LinkPolicy.dangling)
          }
          // Most requested blobs exist, so the directory is revalidated only after a miss.
          if isRevalidated || !directory.isRemoved { return nil }
          isRevalidated = true
        case .tooManySymbolicLinkLevels: throw CASError(.invalid, context, cause: links.loopReason)
        case .invalidArgument: throw CASError(.invalid, context, cause: "not a regular file")
        default: throw CASError(error, context)
        }
      }
    }
    return nil
  }

  private func directoryError(_ errno: Errno, _ context: OperationContext, file: String) -> CASError {
    switch errno {
    case .tooManySymbolicLinkLevels: .invalid(context, file: file, links.loopReason)
    case .notDirectory: .invalid(context, file: file, "not a directory")
    default: CASError(errno, context, file: file)
    }
  }
}
