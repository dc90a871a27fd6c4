import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

/// What all nodes of one tree have in common.
final class TreeContext: Sendable {
  let engine: any Engine
  let files: (any FileBackedEngine)?
  /// The store, when to ask it may take long.
  let remote: (any RemoteEngine)?
  let options: TreeOptions
  let logger: Logger
  let processes: any ProcessInspector
  let counters = Counters()
  let errors: ErrorMapper
  let commits: PendingCommits
  let incoming: IncomingNamespace
  let references: ReferenceView
  let manifests = ManifestCache()
  let recent: OpenBlobCache
  let watch = Monitor(WatchState.none)
  let started = Timestamp.now

  init(_ engine: any Engine, options: TreeOptions, logger: Logger, processes: any ProcessInspector) {
    self.engine = engine
    files = engine as? any FileBackedEngine
    remote = engine as? any RemoteEngine
    self.options = options
    self.logger = logger
    self.processes = processes
    errors = ErrorMapper(logger: logger, counters: counters)
    recent = OpenBlobCache(limit: options.recentBlobLimit)
    commits = PendingCommits(timeout: options.commitTimeout)
    incoming = IncomingNamespace(limit: options.incomingLimit, started: started, options: options)
    let source: any ReferenceSource =
      if let remote { RemoteReferences(remote, started: started) } else { LocalReferences(engine, started: started) }
    references = ReferenceView(source, errors: errors)
  }

  /// Looks for a blob, and once more when it is not there and a commit under way may be the one that makes it.
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

  /// Lets others be answered while the store is looked at, if that may take long: for one blob, if one is meant.
  func willQueryStore(for digest: Digest? = nil, _ context: RequestContext) {
    guard let remote else { return }
    if digest.map({ remote.isKnown($0) }) != true { context.willBlock() }
  }

  /// Whether the store has a blob.
  func isStored(_ digest: Digest, _ context: RequestContext) throws(Errno) -> Bool {
    willQueryStore(for: digest, context)
    do throws(Errno) {
      _ = try errors.map(try engine.blobInfo(digest))
      return true
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
      return false
    }
  }

  /// Attributes as the mount's options show them.
  func shown(_ attributes: Attributes) -> Attributes {
    var shown = attributes
    shown.permissions &= ~options.umask
    return shown
  }

  /// The attributes of something that belongs to the mount itself.
  func attributes(
    inode: UInt64, kind: NodeKind, permissions: UInt32, size: Int64, modified: Timestamp, attributeTimeout: Duration
  ) -> Attributes {
    Attributes(
      inode: inode, kind: kind, permissions: permissions, links: kind == .directory ? 2 : 1, user: options.user,
      group: options.group, size: size, accessed: modified, modified: modified, changed: modified,
      attributeTimeout: attributeTimeout)
  }
}

/// Whether the kernel is told of blobs that others remove or replace.
enum WatchState {
  case none
  case watching(any StoreWatch)
  /// The tree is at its end, and needs none any more.
  case ended
}
