import CAS
import CASPlatform
import OCI
import Synchronization
import SystemPackage

/// An opened store: what the engine, its stages and its readers share.
final class DirectoryStore: Sendable {
  let root: OpenFile
  let path: String
  let options: OpenOptions
  let blobs: BlobDirectories
  let references: any ReferenceStore
  let verifier = Verifier()
  /// Makes room on the disk, and says whether it could.
  let onDiskFull = Monitor<(@Sendable () -> Bool)?>(nil)
  private let closed = Atomic(false)
  private let namesTemporaries: Atomic<Bool>

  /// - Parameter namesTemporaries: not to use files without a name even where there are some; for tests.
  init(_ layout: OpenedLayout, options: OpenOptions, namesTemporaries: Bool = false) {
    root = layout.root
    path = layout.path
    self.options = options
    blobs = BlobDirectories(layout.root)
    references = layout.references
    self.namesTemporaries = Atomic(namesTemporaries)
  }

  /// Fails after ``close()``.
  func check(_ context: OperationContext) throws(CASError) {
    guard !closed.load(ordering: .acquiring) else { throw .closed(context) }
  }

  func close() {
    closed.store(true, ordering: .releasing)
    verifier.close()
  }

  /// A new file for content that is to become a blob.
  func makeTemporary() throws(Errno) -> TemporaryFile {
    if !namesTemporaries.load(ordering: .relaxed) {
      if let unnamed = try TemporaryFile.unnamed(in: root) { return unnamed }
      namesTemporaries.store(true, ordering: .relaxed)
    }
    return try TemporaryFile.named(in: root)
  }

  /// Does something that needs room on the disk; once more when there was none, and some could be made.
  func retryingAfterEviction<Result>(_ body: () throws(Errno) -> Result) throws(Errno) -> Result {
    do throws(Errno) {
      return try body()
    } catch {
      let isFull = error == .noSpace || error == .diskQuotaExceeded
      guard isFull, let onDiskFull = onDiskFull.withLock({ $0 }), onDiskFull() else { throw error }
      return try body()
    }
  }

  /// Opens a blob and makes sure of its content, as far as the store was opened to.
  func openVerified(
    _ digest: Digest, _ context: OperationContext
  ) throws(CASError) -> (file: OpenFile, identity: FileIdentity) {
    try check(context)
    guard let (file, status) = try blobs.open(digest, context) else { throw .notFound(context) }
    let identity: FileIdentity
    do throws(CASError) {
      identity = try verifier.ensure(file, status.identity, is: digest, options.verification, context)
    } catch {
      // Closing stops the hashing too, and then nobody's token was cancelled.
      if error.code == .cancelled { try check(context) }
      throw error
    }
    return (file, identity)
  }
}
