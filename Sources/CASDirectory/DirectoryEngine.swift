package import CAS
package import CASPlatform
package import OCI
import SystemPackage

/// An opened image layout in a directory.
///
/// Each operation makes one `OperationContext` here, which its parts pass on and put into their errors.
package final class DirectoryEngine: Engine, WholeFileEngine, SpaceReporting, ChangeReporting, GarbageCollectable,
  ContentVerifying, PlacementChecking, StageTransferring, BlobSealing
{
  /// `dir:` and the absolute path of the directory.
  package let uri: String

  package var driverName: String { "dir" }

  /// Whether the store was opened for writing, without following links, and the directory was writable then:
  /// `faccessat(2)`.
  package let isWritable: Bool

  /// The path as the caller gave it, for messages.
  private let path: String
  /// `nil` after ``close()``.
  private let opened: Monitor<DirectoryStore?>

  /// - Parameter namesTemporaries: whether temporary files get names even if the file system has `O_TMPFILE`; for
  ///   tests.
  init(_ layout: OpenedLayout, options: OpenOptions, namesTemporaries: Bool = false) {
    path = layout.path
    uri = "dir:" + ((try? layout.root.path()) ?? layout.path)
    isWritable = !options.isReadOnly && layout.links == .refuse && layout.root.isWritable()
    opened = Monitor(DirectoryStore(layout, options: options, namesTemporaries: namesTemporaries))
  }

  package func stageBlob(algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage {
    let context = OperationContext("put blob", on: path)
    let store = try writableStore(context)
    guard let base else { return DirectoryStage(store, algorithm, context) }
    return try DirectoryStage(store, algorithm, copying: base, context)
  }

  package func resumeStage(_ content: StagedContent) throws(CASError) -> any BlobStage {
    let context = OperationContext("put blob", on: path)
    return try DirectoryStage(try writableStore(context), resuming: content, context)
  }

  package func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    let context = OperationContext("read blob", on: digest, cancellation: cancellation)
    let (file, identity) = try store(context).openVerified(digest, context)
    return BlobFileReader(digest, file, size: identity.size)
  }

  package func blobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile? {
    let context = OperationContext("open blob", on: digest, cancellation: cancellation)
    let (file, identity) = try store(context).openVerified(digest, context)
    return BlobFile(file: file, offset: 0, info: BlobInfo(identity))
  }

  /// Opens a blob's file without verifying the content, to lock it for example; `nil` if the blob is not stored.
  package func uncheckedFile(_ digest: Digest) throws(CASError) -> OpenFile? {
    let context = OperationContext("open blob", on: digest)
    return try store(context).blobs.open(digest, context)?.file
  }

  /// Sets the handler that frees space when a write fails with ENOSPC or EDQUOT.
  ///
  /// - Parameter evict: returns whether it freed any space; the write is then repeated once.
  package func onDiskFull(_ evict: @escaping @Sendable () -> Bool) {
    opened.withLock { $0 }?.onDiskFull.withLock { $0 = evict }
  }

  package func isProbablyVerified(_ digest: Digest, version: UInt64? = nil) -> Bool {
    guard let store = opened.withLock({ $0 }) else { return false }
    if store.verifier.isProbablyVerified(digest, version: version, store.options.verification) { return true }
    guard store.verifier.remembers,
      let (file, status) = try? store.blobs.open(digest, OperationContext("open blob", on: digest))
    else { return false }
    return store.verifier.recall(digest, file, status.identity)
      && (version == nil || version == status.identity.version)
  }

  /// Size and times of a blob's file: `statx(2)`.
  package func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    let context = OperationContext("look up blob", on: digest, cancellation: cancellation)
    guard let status = try store(context).blobs.status(digest, context) else { throw .notFound(context) }
    return BlobInfo(status)
  }

  package func listBlobs() throws(CASError) -> any BlobListing {
    let context = OperationContext("list blobs", on: path)
    return DirectoryListing(try store(context), context)
  }

  /// Removes a blob's name: `unlinkat(2)`. The directory is not synchronised, so a power cut may undo the removal.
  package func deleteBlob(_ digest: Digest) throws(CASError) {
    let context = OperationContext("delete blob", on: digest)
    let store = try writableStore(context)
    store.verifier.forget(digest)
    guard let directory = try store.blobs.directory(digest.algorithm, context) else { return }
    do throws(Errno) {
      try directory.file.unlink(digest.hex)
    } catch {
      if error != .noSuchFileOrDirectory { throw CASError(error, context) }
    }
  }

  /// Removes a blob that was last put before a moment. The exclusive lock of its directory excludes puts that refresh
  /// the time of the stored copy.
  package func deleteBlob(_ digest: Digest, ifUnchangedSince moment: Timestamp) throws(CASError) -> Bool {
    let context = OperationContext("delete blob", on: digest)
    let store = try writableStore(context)
    guard let directory = try store.blobs.directory(digest.algorithm, context) else { return true }
    // A put does not refresh a copy younger than the interval, plus up to a second, as ages are in whole seconds.
    let moment = moment.earlier(bySeconds: BlobPublisher.refreshInterval.components.seconds + 1)
    do throws(Errno) {
      let lock = try directory.acquireLock(.exclusive, .none)
      defer { withExtendedLifetime(lock) {} }
      guard try directory.file.status(of: digest.hex).identity.modified < moment else { return false }
      store.verifier.forget(digest)
      try directory.file.unlink(digest.hex)
    } catch {
      if error != .noSuchFileOrDirectory { throw CASError(error, context) }
    }
    return true
  }

  package func withReferencesLocked<Result>(
    _ context: OperationContext, _ body: (ImageIndex) throws(CASError) -> Result
  ) throws(CASError) -> Result {
    try writableStore(context).references.withReferencesLocked(context, body)
  }

  package func putReference(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    let context = OperationContext("put reference", on: name, cancellation: cancellation)
    try writableStore(context).references.put(descriptor, named: name, replacing: replacing, context)
  }

  package func checkNewReference(named name: ReferenceName) throws(CASError) {
    let context = OperationContext("put reference", on: name)
    try store(context).references.checkPut(name, context)
  }

  package func reference(named name: ReferenceName) throws(CASError) -> Descriptor {
    let context = OperationContext("get reference", on: name)
    guard let descriptor = try store(context).references.reference(named: name, context) else {
      throw .notFound(context)
    }
    return descriptor
  }

  package func listReferences() throws(CASError) -> [Reference] {
    let context = OperationContext("list references", on: path)
    return try store(context).references.index(context).references
  }

  package func deleteReference(named name: ReferenceName, cancellation: CancellationToken) throws(CASError) {
    let context = OperationContext("delete reference", on: name, cancellation: cancellation)
    try writableStore(context).references.delete(name, context)
  }

  package func moveReference(
    named name: ReferenceName, to other: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    let context = OperationContext("move reference", on: name, cancellation: cancellation)
    try writableStore(context).references.move(name, to: other, replacing: replacing, context)
  }

  package func changeIndex(
    _ change: IndexChange, refusesConflicts: Bool, cancellation: CancellationToken
  ) throws(CASError) -> [IndexMerge.Conflict] {
    let context = OperationContext("change index", on: path, cancellation: cancellation)
    return try writableStore(context).references.change(change, refusesConflicts: refusesConflicts, context)
  }

  /// The content of `index.json`, or an index made of the files in `refs`.
  package func index() throws(CASError) -> ImageIndex {
    let context = OperationContext("read index", on: path)
    return try store(context).references.index(context)
  }

  package func clean(cancellation: CancellationToken) throws(CASError) -> Int {
    let context = OperationContext("clean", on: path, cancellation: cancellation)
    return try TemporaryFileCleaner.clean(writableStore(context).root, context)
  }

  package func verifyBlob(
    _ digest: Digest, cancellation: CancellationToken, progress: (Int64) throws(CASError) -> Void
  ) throws(CASError) {
    let context = OperationContext("verify blob", on: digest, cancellation: cancellation)
    let store = try store(context)
    guard let (file, status) = try store.blobs.open(digest, context) else { throw .notFound(context) }
    do throws(CASError) {
      _ = try ContentCheck(file: file, digest: digest, context).run(status.identity, progress: progress)
    } catch {
      store.verifier.forget(digest)
      if error.corruption != nil { store.verifier.discredit(digest, file, status.identity) }
      throw error
    }
  }

  package func findForeignFiles(
    cancellation: CancellationToken, _ report: (StoreProblem) throws(CASError) -> Void
  ) throws(CASError) {
    let context = OperationContext("check store", on: path, cancellation: cancellation)
    try ForeignFileScan(store(context), context).run(report)
  }

  package func close() {
    let store = opened.withLock { (opened) in
      defer { opened = nil }
      return opened
    }
    store?.close()
  }

  /// Size, times and version of an opened blob's file: `statx(2)`.
  package func info(of file: BlobFile) throws(CASError) -> BlobInfo {
    BlobInfo(try mappingErrno(OperationContext("look up blob", on: path), try file.file.status()))
  }

  package var isOnStackedFileSystem: Bool { opened.withLock { $0 }.map { $0.root.isOnOverlay() } ?? false }

  package func space() throws(CASError) -> FileSystemStatistics {
    let context = OperationContext("look up space", on: path)
    let root = try store(context).root
    return try mappingErrno(context, try root.space())
  }

  /// Watches the directories of the store: `inotify(7)`. On a network file system it would miss the changes of other
  /// machines, and where links are followed, those of their targets, so the result is `nil` there.
  package func watch(_ report: @escaping @Sendable (StoreChange) -> Void) throws(CASError) -> (any StoreWatch)? {
    let context = OperationContext("watch", on: path)
    let store = try store(context)
    return try mappingErrno(context) { () throws(Errno) in
      guard store.links == .refuse, try store.root.isOnLocalFileSystem() else { return nil }
      return try DirectoryStoreWatch(store.root, report)
    }
  }

  func store(_ context: OperationContext) throws(CASError) -> DirectoryStore {
    guard let store = opened.withLock({ $0 }) else { throw .closed(context) }
    return store
  }

  func writableStore(_ context: OperationContext) throws(CASError) -> DirectoryStore {
    let store = try store(context)
    guard isWritable else { throw .readOnly(context) }
    return store
  }
}
