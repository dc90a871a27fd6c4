import CAS
import CASPlatform
public import SystemPackage

extension Tree {
  /// Opens a directory: `FUSE_OPENDIR`.
  public func openDirectory(_ node: NodeID, _ context: RequestContext) throws(Errno) -> HandleID {
    directories.insert(try DirectoryHandle(nodes.node(node), id: node, context))
  }

  /// The directory of a handle; one of an earlier process is opened again.
  private func directory(
    _ handle: HandleID, of node: NodeID?, _ context: RequestContext
  ) throws(Errno) -> DirectoryHandle {
    try directories.handle(
      handle,
      reopening: { () throws(Errno) in
        guard let node else { throw .badFileDescriptor }
        return try DirectoryHandle(nodes.node(node), id: node, context)
      })
  }

  private func entry(
    for listed: DirectoryEntry, in directory: DirectoryHandle, _ context: RequestContext
  ) throws(Errno) -> Entry {
    entry(
      for: try directory.node.lookup(listed.name, context), isListed: true,
      at: NodePlace(parent: directory.id, name: listed.name))
  }

  /// Whether the kernel may keep the entries of an open directory, and those it has: `FOPEN_CACHE_DIR`.
  public func hasLastingEntries(_ handle: HandleID) throws(Errno) -> Bool {
    try directories.handle(handle).node.hasLastingEntries
  }

  /// Passes entries of an open directory from an offset on: `FUSE_READDIR`.
  ///
  /// - Parameter node: the directory, by which a handle of an earlier process is opened again.
  /// - Parameter accept: takes an entry and the offset after it; returns `false` when there is no room for it.
  public func entries(
    of handle: HandleID, in node: NodeID? = nil, from offset: Int64, _ context: RequestContext,
    _ accept: (DirectoryEntry, Int64) -> Bool
  ) throws(Errno) {
    guard offset >= 0 else { throw .invalidArgument }
    shared.willQueryStore(context)
    try directory(handle, of: node, context).entries(from: offset, context) { accept($0, $1.rawValue) }
  }

  /// How many entries of a directory are looked up before it is known whether the reader wants attributes.
  private static let firstLookups: Int64 = 128

  /// Passes entries like ``entries(of:in:from:_:_:)``, each with the result of a lookup where that is cheap:
  /// `FUSE_READDIRPLUS`.
  ///
  /// - Parameter node: the directory, by which a handle of an earlier process is opened again.
  /// - Parameter accept: takes an entry, the result of its lookup, which counts when the entry is accepted, and the
  ///   offset after it; returns `false` when there is no room for the entry.
  public func entriesWithLookups(
    of handle: HandleID, in node: NodeID? = nil, from offset: Int64, _ context: RequestContext,
    _ accept: (DirectoryEntry, Entry?, Int64) -> Bool
  ) throws(Errno) {
    guard offset >= 0 else { throw .invalidArgument }
    shared.willQueryStore(context)
    let directory = try directory(handle, of: node, context)
    // The kernel starts every walk with this request, and repeats it only if names are looked up.
    let last = offset == 0 ? Self.firstLookups : .max
    try directory.entries(from: offset, context) { (listed, next) in
      guard next.count <= last else { return false }
      let isChild = next.count > DirectoryPosition.ownEntries && directory.node.supportsReaddirplus
      // An entry that has disappeared is listed without a lookup.
      let found = isChild ? try? entry(for: listed, in: directory, context) : nil
      let isAccepted = accept(listed, found, next.rawValue)
      if !isAccepted, let found { forget(found.node, times: 1) }
      return isAccepted
    }
  }

  /// Reads ahead in an open directory while the caller processes the entries it has.
  ///
  /// - Parameter willBlock: called before the call blocks.
  public func readAhead(_ handle: HandleID, willBlock: () -> Void) {
    // A remote store would block this thread for long.
    if shared.remote != nil { return }
    try? directories.handle(handle).readAhead(willBlock: willBlock)
  }

  /// Closes a directory: `FUSE_RELEASEDIR`.
  public func releaseDirectory(_ handle: HandleID) throws(Errno) {
    do throws(Errno) {
      _ = try directories.remove(handle)
    } catch {
      guard directories.isEarlier(handle) else { throw error }
    }
  }
}
