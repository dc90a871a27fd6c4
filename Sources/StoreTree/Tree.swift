public import CAS
import CASImage
public import CASPlatform
public import Logging
import OCI
public import SystemPackage

/// A store as a file system: the meaning of each request of the kernel, without FUSE. Any number of threads can use it
/// concurrently.
///
/// Operations throw the error number that the caller gets.
public final class Tree: Sendable {
  let shared: TreeContext
  let nodes: NodeTable
  let files: HandleTable<any FileHandle>
  let directories: HandleTable<DirectoryHandle>
  let journal: (any NodeJournal)?
  let preloader = ContentPreloader()

  /// Makes a tree over a store.
  public convenience init(_ engine: any Engine, options: TreeOptions, logger: Logger) {
    self.init(engine, options: options, logger: logger, processes: ProcInspector())
  }

  /// Makes a tree whose callers are processes of an inspector.
  ///
  /// - Parameter journal: has the nodes that the kernel knows from an earlier process, and records those of this one.
  /// - Parameter handover: the state that the program before has left. If it cannot be taken, that program counts as a
  ///   process that has died.
  package init(
    _ engine: any Engine, options: TreeOptions, logger: Logger, processes: any ProcessInspector = ProcInspector(),
    journal: (any NodeJournal)? = nil, handover: Handover? = nil
  ) {
    self.journal = journal
    shared = TreeContext(engine, options: options, logger: logger, processes: processes, journal: journal)
    let image = options.rootImage.map { [shared] in ImageFileSystem(shared, path: nil, $0) }
    nodes = NodeTable(root: image.map { ImageRootDirectory($0) } ?? RootDirectory(shared), journal: journal) {
      [shared] in shared.incomingNode($0)
    }
    files = HandleTable(generation: journal?.generation ?? 0)
    directories = HandleTable(generation: journal?.generation ?? 0)
    shared.incoming.restore(journal?.takeMembers() ?? []) { [shared] (record, address) in
      IncomingFile(alias: address, shared, shared.incoming, number: record.number, record.metadata)
    }
    guard let handover else { return }
    do throws(Errno) {
      try take(handover)
    } catch {
      logger.error("the state of open files cannot be taken over: \(error)")
    }
  }

  /// Starts to watch the store for changes by other processes, so that the kernel can cache names of blobs for long.
  ///
  /// - Parameter forget: tells the kernel to drop a name in a directory; called on a thread of its own that holds no
  ///   lock.
  public func watch(forgetting forget: @escaping @Sendable (NodeID, String) -> Void) {
    guard let engine = shared.engine as? any ChangeReporting else { return }
    do throws(CASError) {
      let watch = try engine.watch { [self] change in
        switch change {
        case .references: shared.references.refresh()
        case .blob(let digest): forget(NodeID(Inode.algorithm(digest.algorithm)), digest.hex)
        case .anything:
          shared.references.refresh()
          for digest in nodes.blobs() { forget(NodeID(Inode.algorithm(digest.algorithm)), digest.hex) }
          forgetEarlierBlobs(forget)
        }
      }
      let isTooLate = shared.watch.withLock { state in
        if case .ended = state { return true }
        if let watch { state = .watching(watch) }
        return false
      }
      if isTooLate { watch?.end() }
      // Changes in the time between two processes were not watched.
      forgetEarlierBlobs(forget)
    } catch {
      shared.logger.warning("\(error)")
    }
  }

  private func forgetEarlierBlobs(_ forget: (NodeID, String) -> Void) {
    for algorithm in Digest.Algorithm.allCases {
      let directory = NodeID(Inode.algorithm(algorithm))
      journal?.forEachEarlier(in: directory) { forget(directory, $0) }
    }
  }

  /// The longest file in bytes, as on ext4. A sparse file without a limit could take centuries to hash.
  static let maximumFileSize: Int64 = 1 << 44

  // MARK: Names

  /// Looks a name up: `FUSE_LOOKUP`. The lookup counts until ``forget(_:times:)``.
  public func lookup(_ name: String, in parent: NodeID, _ context: RequestContext) throws(Errno) -> Entry {
    try FileName.check(name)
    return entry(for: try nodes.node(parent).lookup(name, context), at: NodePlace(parent: parent, name: name))
  }

  /// Takes lookups of a node back: `FUSE_FORGET`.
  public func forget(_ node: NodeID, times: UInt64) {
    nodes.forget(node, times: times)
  }

  /// Notes that no request was waiting, after this process had begun to read them.
  public func didReadQueue() {
    nodes.didReadQueue()
  }

  /// The target of a symbolic link: `FUSE_READLINK`.
  public func linkTarget(of node: NodeID) throws(Errno) -> String {
    try nodes.node(node).linkTarget()
  }

  /// Makes a directory: `FUSE_MKDIR`.
  public func makeDirectory(
    _ name: String, permissions: UInt32, in parent: NodeID, _ context: RequestContext
  ) throws(Errno) -> Entry {
    let directory = try writable(parent, name)
    let node = try repeating(
      context, .fileExists, try directory.makeDirectory(name, permissions: permissions, context)
    ) { () throws(Errno) in
      let node = try directory.child(named: name, context)
      return node.kind == .directory ? node : nil
    }
    return entry(for: (node, try node.attributes(context)), at: NodePlace(parent: parent, name: name))
  }

  /// Removes a file: `FUSE_UNLINK`.
  public func removeFile(_ name: String, in parent: NodeID, _ context: RequestContext) throws(Errno) {
    let directory = try writable(parent, name)
    try repeating(context, .noSuchFileOrDirectory, try directory.removeFile(name, context)) { () }
  }

  /// Removes an empty directory: `FUSE_RMDIR`.
  public func removeDirectory(_ name: String, in parent: NodeID, _ context: RequestContext) throws(Errno) {
    let directory = try writable(parent, name)
    try repeating(context, .noSuchFileOrDirectory, try directory.removeDirectory(name, context)) { () }
  }

  /// Renames a file or directory: `FUSE_RENAME2`.
  ///
  /// - Parameter replacing: whether an existing target is replaced; if not, it is EEXIST.
  public func rename(
    _ name: String, in parent: NodeID, to other: String, in otherParent: NodeID, replacing: Bool,
    _ context: RequestContext
  ) throws(Errno) {
    let target = try writable(otherParent, other)
    let source = try writable(parent, name)
    try repeating(
      context, .noSuchFileOrDirectory,
      try source.rename(name, to: other, in: target, replacing: replacing, context)
    ) { () throws(Errno) -> Void? in
      // `index.json` is always there, so it does not show that the change was made. The temporary file is gone in any case.
      try target.child(named: other, context) is IndexFile ? nil : ()
    }
    if let source = source as? ReferenceDirectory, let target = target as? ReferenceDirectory {
      nodes.known(source.file(named: name))?.didMove(to: target.path + [FileName(other)])
    }
  }

  /// The error for a device, FIFO, socket, hard link or symbolic link: `FUSE_MKNOD`, `FUSE_LINK`, `FUSE_SYMLINK`.
  public func refuseSpecial(in parent: NodeID) -> Errno {
    shared.options.isReadOnly ? .readOnlyFileSystem : .notPermitted
  }

  /// Makes a change that a process which has died may have made for the same request: it then counts as made now.
  ///
  /// - Parameter error: the error that shows it.
  /// - Parameter result: the result of a change that was made; `nil`, or an error, if it was not.
  private func repeating<Result>(
    _ context: RequestContext, _ error: Errno, _ change: @autoclosure () throws(Errno) -> Result,
    _ result: () throws(Errno) -> Result?
  ) throws(Errno) -> Result {
    do throws(Errno) {
      return try change()
    } catch let thrown {
      guard context.isResent, thrown == error, let made = try? result() else { throw thrown }
      return made
    }
  }

  // MARK: Attributes

  /// The attributes of a node: `FUSE_GETATTR`.
  public func attributes(of node: NodeID, _ context: RequestContext) throws(Errno) -> Attributes {
    shared.shown(try nodes.node(node).attributes(context))
  }

  /// Checks whether the owner of the mount may access a node: `FUSE_ACCESS`. The owner can read and change everything,
  /// but no user can execute a file that has no permission bit for it, as the kernel decides at `execve(2)`.
  ///
  /// - Throws: EACCES.
  public func checkAccess(to node: NodeID, executing: Bool, _ context: RequestContext) throws(Errno) {
    // Attributes can need a query of the store.
    guard executing else { return _ = try nodes.node(node) }
    let attributes = try attributes(of: node, context)
    if attributes.kind == .file, attributes.permissions & 0o111 == 0 { throw .permissionDenied }
  }

  /// Sets attributes of a node: `FUSE_SETATTR`.
  ///
  /// - Parameter handle: the open file of `fchmod(2)` and `ftruncate(2)`; `nil` for a path.
  public func setAttributes(
    of node: NodeID, _ changes: AttributeChanges, handle: HandleID?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    try requireWritable()
    if let size = changes.size {
      guard size >= 0 else { throw .invalidArgument }
      guard size <= Self.maximumFileSize else { throw .fileTooLarge }
    }
    let file: (any FileHandle)? = if let handle { try self.file(handle, of: node, context) } else { nil }
    return shared.shown(try nodes.node(node).setAttributes(changes, handle: file, context))
  }

  /// The value of an extended attribute: `FUSE_GETXATTR`.
  public func extendedAttribute(_ name: String, of node: NodeID, _ context: RequestContext) throws(Errno) -> [UInt8] {
    try nodes.node(node).extendedAttribute(name, context)
  }

  /// The names of a node's extended attributes: `FUSE_LISTXATTR`.
  public func extendedAttributeNames(of node: NodeID, _ context: RequestContext) throws(Errno) -> [String] {
    try nodes.node(node).extendedAttributeNames(context)
  }

  /// Sets an extended attribute: `FUSE_SETXATTR`.
  public func setExtendedAttribute(
    _ name: String, to value: [UInt8], of node: NodeID, mustBe: AttributePresence, _ context: RequestContext
  ) throws(Errno) {
    try requireWritable()
    let node = try nodes.node(node)
    try repeating(context, .fileExists, try node.setExtendedAttribute(name, value, mustBe: mustBe)) {
      (try? node.extendedAttribute(name, context)) == value ? () : nil
    }
  }

  /// Removes an extended attribute: `FUSE_REMOVEXATTR`.
  public func removeExtendedAttribute(_ name: String, of node: NodeID, _ context: RequestContext) throws(Errno) {
    try requireWritable()
    let node = try nodes.node(node)
    try repeating(context, .noData, try node.removeExtendedAttribute(name)) { () }
  }

  /// The space of the store's file system: `FUSE_STATFS`.
  public func space() throws(Errno) -> FileSystemStatistics {
    guard let engine = shared.engine as? any SpaceReporting else {
      return FileSystemStatistics(blockSize: 4096, blocks: 0, freeBlocks: 0, availableBlocks: 0, files: 0, freeFiles: 0)
    }
    return try shared.errors.map(try engine.space())
  }

  // MARK: The whole

  /// Ends the tree after the unmount.
  ///
  /// - Parameter publishing: whether open files count as closed and are committed; if not, as when a signal ended the
  ///   mount, they are discarded.
  public func finish(publishing: Bool) {
    let watch = shared.watch.withLock { state in
      defer { state = .ended }
      return state
    }
    if case .watching(let watch) = watch { watch.end() }
    shared.imageFiles.catalog.close()
    let noCaller = RequestContext(user: 0, group: 0, thread: 0)
    if !publishing { shared.incoming.discardUncommitted(noCaller) }
    for file in files.removeAll() { file.release(noCaller) }
    shared.commits.waitForAll()
    trimCaches()
    trimCaches()
    shared.engine.close()
  }

  /// Closes cached files that were not used since the last call, and frees memory.
  ///
  /// - Returns: whether something waits for a time or for the end of a process, of which no request tells.
  @discardableResult public func trimCaches() -> Bool {
    shared.openBlobs.rotate()
    let hasScratch = shared.sweepScratch()
    shared.decideRemovals()
    shared.imageFiles.catalog.trim()
    if nodes.shrink() { CurrentProcess.trimMemory() }
    return hasScratch || !shared.removals.isEmpty
  }

  /// Whether every blob is a whole file, which the kernel could read itself.
  public var hasWholeFiles: Bool { shared.engine is any WholeFileEngine }

  /// Whether the store is on a stacked file system, such as overlayfs.
  public var isStacked: Bool { (shared.engine as? any WholeFileEngine)?.isOnStackedFileSystem ?? false }

  /// Whether a commit is under way.
  public var isCommitting: Bool { shared.commits.pending > 0 }

  /// The present state.
  public var status: TreeStatus {
    TreeStatus(
      pendingCommits: shared.commits.pending, nodes: nodes.count, openFiles: files.count,
      images: shared.imageFiles.catalog.progress, counters: shared.counters.all)
  }

  // MARK: Helpers

  /// - Parameter isListed: whether the entry is part of a listing, not the reply to a lookup of its name.
  func entry(
    for found: (node: any Node, attributes: Attributes), isListed: Bool = false, at place: NodePlace
  ) -> Entry {
    let (id, known) = nodes.remember(found.node, at: place)
    return Entry(
      node: id, attributes: shared.shown(found.attributes),
      entryTimeout: isListed ? known.listedTimeout : known.entryTimeout)
  }

  func writable(_ parent: NodeID, _ name: String) throws(Errno) -> any Node {
    try requireWritable()
    try FileName.check(name)
    return try nodes.node(parent)
  }

  func requireWritable() throws(Errno) {
    if shared.options.isReadOnly { throw .readOnlyFileSystem }
  }
}
