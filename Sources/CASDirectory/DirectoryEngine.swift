public import CAS
public import CASPlatform
public import OCI
import SystemPackage

/// A store in a directory, in the index layout or the refs layout.
public final class DirectoryEngine: Engine, WholeFileEngine, SpaceReporting, ChangeReporting, GarbageCollectable,
  ContentVerifying, PlacementChecking
{
  /// `dir:` and the directory's absolute path.
  public let uri: String

  /// `dir`.
  public var driverName: String { "dir" }

  /// Whether the store was opened for writing, and the directory could be written then.
  public let isWritable: Bool

  private let path: String
  private let opened: Monitor<DirectoryStore?>

  init(_ layout: OpenedLayout, options: OpenOptions, namesTemporaries: Bool = false) {
    path = layout.path
    uri = "dir:" + ((try? layout.root.path()) ?? layout.path)
    isWritable = !options.isReadOnly && layout.root.isWritable()
    opened = Monitor(DirectoryStore(layout, options: options, namesTemporaries: namesTemporaries))
  }

  /// Starts a blob; see `Engine`.
  public func stageBlob(algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage {
    let context = OperationContext("put blob", on: path)
    let store = try writableStore(context)
    guard let base else { return DirectoryStage(store, algorithm, context) }
    return try DirectoryStage(store, algorithm, copying: base, context)
  }

  /// Opens a blob for reading; see `Engine`.
  public func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    let context = OperationContext("read blob", on: digest, cancellation: cancellation)
    let (file, identity) = try store(context).openVerified(digest, context)
    return BlobFileReader(digest, file, size: identity.size)
  }

  /// Opens a blob's file, verified like ``openBlob(_:cancellation:)``.
  public func blobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile? {
    let context = OperationContext("open blob", on: digest, cancellation: cancellation)
    let (file, identity) = try store(context).openVerified(digest, context)
    return BlobFile(file: file, offset: 0, info: BlobInfo(identity))
  }

  /// Opens a blob's file without a look at its content, as to lock it; `nil` when it is not there.
  package func uncheckedFile(_ digest: Digest) throws(CASError) -> OpenFile? {
    let context = OperationContext("open blob", on: digest)
    return try store(context).blobs.open(digest, context)?.file
  }

  /// Sets what makes room when there is none to put a blob, and says whether it could.
  package func onDiskFull(_ evict: @escaping @Sendable () -> Bool) {
    opened.withLock { $0 }?.onDiskFull.withLock { $0 = evict }
  }

  /// Whether the blob was hashed, or put, by this engine, or is not to be hashed at all.
  public func isProbablyVerified(_ digest: Digest, version: UInt64? = nil) -> Bool {
    guard let store = opened.withLock({ $0 }) else { return false }
    return store.verifier.isProbablyVerified(digest, version: version, store.options.verification)
  }

  /// Size and times of a blob's file; see `Engine`.
  public func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    let context = OperationContext("look up blob", on: digest, cancellation: cancellation)
    guard let status = try store(context).blobs.status(digest, context) else { throw .notFound(context) }
    return BlobInfo(status.identity)
  }

  /// Starts a walk over `blobs/sha256`, then `blobs/sha512`; see `Engine`.
  public func listBlobs() throws(CASError) -> any BlobListing {
    let context = OperationContext("list blobs", on: path)
    return DirectoryListing(try store(context), context)
  }

  /// Removes a blob's name; see `Engine`. A power cut may bring it back.
  public func deleteBlob(_ digest: Digest) throws(CASError) {
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

  /// Removes a blob that is old, under a lock that keeps out whoever makes it young; see `GarbageCollectable`.
  public func deleteBlob(_ digest: Digest, ifUnchangedSince moment: Timestamp) throws(CASError) -> Bool {
    let context = OperationContext("delete blob", on: digest)
    let store = try writableStore(context)
    guard let directory = try store.blobs.directory(digest.algorithm, context) else { return true }
    // A copy that is nearly as young as can be is not made younger.
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

  /// Locks the references, and makes them durable; see `GarbageCollectable`.
  public func withReferencesLocked<Result>(
    _ context: OperationContext, _ body: (ImageIndex) throws(CASError) -> Result
  ) throws(CASError) -> Result {
    try writableStore(context).references.withReferencesLocked(context, body)
  }

  /// Gives a descriptor a name; see `Engine`.
  public func putReference(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    let context = OperationContext("put reference", on: name, cancellation: cancellation)
    try writableStore(context).references.put(descriptor, named: name, replacing: replacing, context)
  }

  /// The descriptor of a name; see `Engine`.
  public func reference(named name: ReferenceName) throws(CASError) -> Descriptor {
    let context = OperationContext("get reference", on: name)
    guard let descriptor = try store(context).references.reference(named: name, context) else {
      throw .notFound(context)
    }
    return descriptor
  }

  /// The references with a name and a descriptor; of those of one name the first counts. See `Engine`.
  public func listReferences() throws(CASError) -> [Reference] {
    let context = OperationContext("list references", on: path)
    return try store(context).references.index(context).references
  }

  /// Removes a name; see `Engine`.
  public func deleteReference(named name: ReferenceName, cancellation: CancellationToken) throws(CASError) {
    let context = OperationContext("delete reference", on: name, cancellation: cancellation)
    try writableStore(context).references.delete(name, context)
  }

  /// Gives the descriptor of a name another name instead; see `Engine`.
  public func moveReference(
    named name: ReferenceName, to other: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    let context = OperationContext("move reference", on: name, cancellation: cancellation)
    try writableStore(context).references.move(name, to: other, replacing: replacing, context)
  }

  /// The content of `index.json`, or one made of the files in `refs`; see `Engine`.
  public func index() throws(CASError) -> ImageIndex {
    let context = OperationContext("read index", on: path)
    return try store(context).references.index(context)
  }

  /// Removes the temporary files of dead writers from the store's root; see `Engine`.
  public func clean(cancellation: CancellationToken) throws(CASError) -> Int {
    let context = OperationContext("clean", on: path, cancellation: cancellation)
    return try TemporaryFileCleaner.clean(writableStore(context).root, context)
  }

  /// Hashes a blob's file; see `ContentVerifying`.
  public func verifyBlob(
    _ digest: Digest, cancellation: CancellationToken, progress: (Int64) throws(CASError) -> Void
  ) throws(CASError) {
    let context = OperationContext("verify blob", on: digest, cancellation: cancellation)
    let store = try store(context)
    guard let (file, status) = try store.blobs.open(digest, context) else { throw .notFound(context) }
    do throws(CASError) {
      _ = try ContentCheck(file: file, digest: digest, context).run(status.identity, progress: progress)
    } catch {
      store.verifier.forget(digest)
      throw error
    }
  }

  /// Looks through the store's directories; see `PlacementChecking`.
  public func findForeignFiles(
    cancellation: CancellationToken, _ report: (StoreProblem) throws(CASError) -> Void
  ) throws(CASError) {
    let context = OperationContext("check store", on: path, cancellation: cancellation)
    try ForeignFileScan(store(context), context).run(report)
  }

  /// Lets go of the directory; see `Engine`.
  public func close() {
    let store = opened.withLock { (opened) in
      defer { opened = nil }
      return opened
    }
    store?.close()
  }

  /// Size, times and version of an opened blob's file: `fstat(2)`.
  public func info(of file: BlobFile) throws(CASError) -> BlobInfo {
    try mappingErrno(OperationContext("look at blob", on: path)) { () throws(Errno) in
      BlobInfo(try file.file.status().identity)
    }
  }

  /// Whether the directory is on overlayfs: `statfs(2)`.
  public var isOnStackedFileSystem: Bool { opened.withLock { $0 }.map { $0.root.isOnOverlay() } ?? false }

  /// The space of the directory's file system: `statfs(2)`.
  public func space() throws(CASError) -> FileSystemStatistics {
    let context = OperationContext("look up space", on: path)
    let root = try store(context).root
    return try mappingErrno(context) { () throws(Errno) in try root.space() }
  }

  /// Watches the directories of the store; see `ChangeReporting`.
  public func watch(_ report: @escaping @Sendable (StoreChange) -> Void) throws(CASError) -> (any StoreWatch)? {
    let context = OperationContext("watch", on: path)
    let store = try store(context)
    return try mappingErrno(context) { () throws(Errno) in
      guard try store.root.isOnLocalFileSystem() else { return nil }
      return try DirectoryStoreWatch(store.root, report)
    }
  }

  private func store(_ context: OperationContext) throws(CASError) -> DirectoryStore {
    guard let store = opened.withLock({ $0 }) else { throw .closed(context) }
    return store
  }

  private func writableStore(_ context: OperationContext) throws(CASError) -> DirectoryStore {
    let store = try store(context)
    guard isWritable else { throw .readOnly(context) }
    return store
  }
}
