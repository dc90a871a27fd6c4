import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

/// The parts of a tree that its nodes share.
final class TreeContext: Sendable {
  let engine: any Engine
  let files: (any FileBackedEngine)?
  /// The store, if it is remote, so that a query can block for long.
  let remote: (any RemoteEngine)?
  let options: TreeOptions
  let logger: Logger
  let processes: any ProcessInspector
  let descriptorTables: DescriptorTableCache
  let counters = Counters()
  let errors: ErrorMapper
  let commits: PendingCommits
  let incoming: IncomingNamespace
  private let scratch: [ScratchName.Place: IncomingNamespace]
  let rewrites = BlobRewrites()
  let removals: DeferredRemovals
  let references: ReferenceView
  let indexVersions: IndexVersions
  let openIndexes = OpenIndexes()
  let indexMemory: IndexMemory
  let manifests = ManifestCache()
  let referrers: ReferrerCatalog
  let imageFiles: ImageFileSystems
  let openBlobs: OpenBlobCache
  let watch = Monitor(WatchState.none)
  /// When the mount began.
  let started: Timestamp

  init(
    _ engine: any Engine, options: TreeOptions, logger: Logger, processes: any ProcessInspector,
    journal: (any NodeJournal)? = nil
  ) {
    self.engine = engine
    files = engine as? any FileBackedEngine
    remote = engine as? any RemoteEngine
    self.options = options
    self.logger = logger
    self.processes = processes
    started = journal?.began ?? .now
    descriptorTables = DescriptorTableCache(processes)
    errors = ErrorMapper(logger: logger, counters: counters)
    referrers = ReferrerCatalog(engine)
    imageFiles = ImageFileSystems(engine, options.layerCache, errors)
    removals = DeferredRemovals(processes, grace: options.removalGrace)
    indexVersions = IndexVersions(journal: journal)
    indexMemory = IndexMemory(limit: options.indexMemoryLimit)
    openBlobs = OpenBlobCache(limit: options.recentBlobLimit)
    commits = PendingCommits(timeout: options.commitTimeout)
    incoming = IncomingNamespace(
      limit: options.incomingLimit, started: started, options: options, journal: journal)
    scratch = Dictionary(
      uniqueKeysWithValues: [(.root, .sha256)] + Digest.Algorithm.allCases.map { (.blobs($0), $0) }
    ).mapValues { [started] (algorithm: Digest.Algorithm) in
      IncomingNamespace(
        limit: options.incomingLimit, started: started, options: options, isScratch: true, algorithm: algorithm)
    }
    // References may have changed since an earlier process has read them.
    let source: any ReferenceSource =
      if let remote {
        RemoteReferences(remote, started: .now, logger: logger)
      } else {
        LocalReferences(engine, started: .now)
      }
    references = ReferenceView(source, errors: errors)
  }

  /// The temporary content of tools in a place of the layout.
  func scratch(_ place: ScratchName.Place) -> IncomingNamespace { scratch[place] ?? incoming }

  /// Queries the store for a blob, and once more after the commits under way when the blob is missing: one of them may
  /// store it.
  func retryingAfterCommit<Result>(
    _ context: RequestContext, _ body: @autoclosure () throws(CASError) -> Result
  ) throws(Errno) -> Result {
    do throws(Errno) {
      return try errors.map(try body())
    } catch {
      guard error == .noSuchFileOrDirectory, try commits.wait(context) else { throw error }
      return try errors.map(try body())
    }
  }

  /// Announces a query that may block.
  ///
  /// - Parameter digest: the only blob that the query is about.
  func willQueryStore(for digest: Digest? = nil, _ context: RequestContext) {
    guard let remote else { return }
    if digest.map({ remote.isKnown($0) }) != true { context.willBlock() }
  }

  /// Whether the store has a blob, and the process of the caller has not removed it.
  func isStored(_ digest: Digest, _ context: RequestContext) throws(Errno) -> Bool {
    if removals.isHidden(digest, thread: context.thread) { return false }
    willQueryStore(for: digest, context)
    do throws(Errno) {
      _ = try errors.map(try engine.blobInfo(digest))
      return true
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
      return false
    }
  }

  /// Applies the mount's umask.
  func shown(_ attributes: Attributes) -> Attributes {
    var shown = attributes
    shown.permissions &= ~options.umask
    return shown
  }

  /// The attributes of a node of the mount itself.
  func attributes(
    inode: UInt64, kind: NodeKind, permissions: UInt32, size: Int64, allocatedSize: Int64? = nil, modified: Timestamp,
    attributeTimeout: Duration
  ) -> Attributes {
    Attributes(
      inode: inode, kind: kind, permissions: permissions, user: options.user, group: options.group, size: size,
      allocatedSize: allocatedSize, accessed: modified, modified: modified, changed: modified,
      attributeTimeout: attributeTimeout)
  }
}

/// Whether changes of blobs by other processes are watched.
enum WatchState {
  case none
  case watching(any StoreWatch)
  /// The tree has ended, and starts no watch any more.
  case ended
}
