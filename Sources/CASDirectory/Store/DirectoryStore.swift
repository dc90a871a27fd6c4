import CAS
import CASPlatform
import OCI
import Synchronization
import SystemPackage

/// The state that an engine and its stages share: the open root, the directories of blobs, the references, and the
/// memory of verified copies. It outlives the engine's `close()` as long as a stage does.
final class DirectoryStore: Sendable {
  let root: OpenFile
  let path: String
  let options: OpenOptions
  let links: LinkPolicy
  let blobs: BlobDirectories
  let references: any ReferenceStore
  let verifier: Verifier
  /// Frees space on the disk; returns whether it freed any.
  let onDiskFull = Monitor<(@Sendable () -> Bool)?>(nil)
  private let closed = Atomic(false)
  /// Set at the first failure of `O_TMPFILE`, or of naming such a file, which is not tried again.
  private let namesTemporaries: Atomic<Bool>

  /// - Parameter namesTemporaries: whether temporary files get names even if the file system has `O_TMPFILE`; for
  ///   tests.
  init(_ layout: OpenedLayout, options: OpenOptions, namesTemporaries: Bool = false) {
    root = layout.root
    path = layout.path
    self.options = options
    verifier = Verifier(options)
    links = layout.links
    blobs = BlobDirectories(layout.root, layout.links)
    references = layout.references
    self.namesTemporaries = Atomic(namesTemporaries)
  }

  /// Fails after ``close()``.
  ///
  /// - Throws: `CASError.Code.closed`.
  func check(_ context: OperationContext) throws(CASError) {
    guard !closed.load(ordering: .acquiring) else { throw .closed(context) }
  }

  func close() {
    closed.store(true, ordering: .releasing)
    verifier.close()
  }

  /// Makes later files have names from their creation, as unnamed ones cannot be named here.
  func useNamedTemporaries() {
    namesTemporaries.store(true, ordering: .relaxed)
  }

  /// Creates a file for the content of a new blob.
  func makeTemporary() throws(Errno) -> TemporaryFile {
    if !namesTemporaries.load(ordering: .relaxed) {
      if let unnamed = try TemporaryFile.unnamed(in: root) { return unnamed }
      namesTemporaries.store(true, ordering: .relaxed)
    }
    return try TemporaryFile.named(in: root)
  }

  /// Runs `body`, and repeats it once if it fails with ENOSPC or EDQUOT and space was freed.
  func retryingAfterEviction<Result>(_ body: () throws(Errno) -> Result) throws(Errno) -> Result {
    do throws(Errno) {
      return try body()
    } catch {
      let isFull = error == .noSpace || error == .diskQuotaExceeded
      guard isFull, let onDiskFull = onDiskFull.withLock({ $0 }), onDiskFull() else { throw error }
      return try body()
    }
  }

  /// Opens a blob's file and verifies the content, as often as the options of the store demand.
  func openVerified(
    _ digest: Digest, _ context: OperationContext
  ) throws(CASError) -> (file: OpenFile, identity: FileIdentity) {
    try check(context)
    guard let (file, status) = try blobs.open(digest, context) else { throw .notFound(context) }
    let identity: FileIdentity
    do throws(CASError) {
      identity = try verifier.ensure(file, status.identity, is: digest, options.verification, context)
    } catch {
      // Closing the store stops the hashing too; the error is then `closed`, since no caller cancelled.
      if error.code == .cancelled { try check(context) }
      throw error
    }
    return (file, identity)
  }
}
