import CAS
import CASPlatform
import OCI
import SystemPackage

/// The directories `blobs/ALGORITHM` of a store, opened when first needed and kept.
final class BlobDirectories: Sendable {
  /// The open directory of one algorithm.
  final class Directory: Sendable {
    let file: OpenFile
    let batcher: FsyncBatcher
    /// Whether its own name is known to survive a power cut.
    let isDurable = Monitor(false)

    init(_ file: OpenFile) {
      self.file = file
      batcher = FsyncBatcher(file)
    }

    /// Takes a lock that whoever makes a stored blob young shares, and that keeps everybody out while an old one is
    /// deleted: what was acknowledged in between would be lost. The lock goes with what is returned; where the file
    /// system has no locks there is none.
    ///
    /// - Throws: EINTR when the wait for it is cancelled.
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

    /// Whether somebody removed the directory, and perhaps made a new one in its place.
    var isRemoved: Bool { (try? file.status().links) == 0 }
  }

  private let root: OpenFile
  private let opened = Monitor<[Digest.Algorithm: Directory]>([:])

  init(_ root: OpenFile) {
    self.root = root
  }

  /// The directory of an algorithm; `nil` when it is not there.
  ///
  /// - Parameter revalidating: whether to make sure that the one that is kept was not removed.
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
      let directory = Directory(try root.openBeneath("blobs/\(algorithm.rawValue)", [.readOnly, .directory]))
      return opened.withLock { (opened) in
        if let first = opened[algorithm] { return first }
        opened[algorithm] = directory
        return directory
      }
    } catch {
      if error == .noSuchFileOrDirectory { return nil }
      throw Self.directoryError(error, context, file: "blobs/\(algorithm.rawValue)")
    }
  }

  /// The directory of an algorithm, made when it is not there.
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
      // Also when it was there: who made it may not have come as far.
      try blobs.synchronize()
    } catch {
      throw Self.directoryError(error, context, file: "blobs/\(algorithm.rawValue)")
    }
    guard let directory = try directory(algorithm, context) else {
      throw CASError(.noSuchFileOrDirectory, context, file: "blobs/\(algorithm.rawValue)")
    }
    directory.isDurable.withLock { $0 = true }
    return directory
  }

  /// Opens a blob's file; `nil` when it is not there. What is no regular file is not opened, let alone followed.
  func open(_ digest: Digest, _ context: OperationContext) throws(CASError) -> (file: OpenFile, status: FileStatus)? {
    try withEntry(digest, context) { (directory, hex) throws(Errno) in
      // Opening a device can do things, so the name is looked at first; the open file then decides.
      guard try directory.status(of: hex).kind == .regular else { throw .invalidArgument }
      let file = try directory.openBeneath(hex, [.readOnly, .nonBlocking])
      let status = try file.status()
      guard status.kind == .regular else { throw .invalidArgument }
      return (file, status)
    }
  }

  /// What the system knows about a blob's file; `nil` when it is not there.
  func status(_ digest: Digest, _ context: OperationContext) throws(CASError) -> FileStatus? {
    try withEntry(digest, context) { (directory, hex) throws(Errno) in
      let status = try directory.status(of: hex)
      guard status.kind == .regular else { throw .invalidArgument }
      return status
    }
  }

  /// Looks for a blob's file; EINVAL from `body` means that it is not a regular one.
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
          // Most blobs asked for are there, so only now is it worth while to look whether the directory still is.
          if isRevalidated || !directory.isRemoved { return nil }
          isRevalidated = true
        case .invalidArgument, .tooManySymbolicLinkLevels:
          throw CASError(.invalid, context, cause: "not a regular file")
        default: throw CASError(error, context)
        }
      }
    }
    return nil
  }

  private static func directoryError(_ errno: Errno, _ context: OperationContext, file: String) -> CASError {
    switch errno {
    case .notDirectory, .tooManySymbolicLinkLevels: .invalid(context, file: file, "not a directory")
    default: CASError(errno, context, file: file)
    }
  }
}
