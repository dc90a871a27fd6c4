import CAS
import CASPlatform
public import SystemPackage

extension Tree {
  /// Opens a directory: `FUSE_OPENDIR`.
  public func openDirectory(_ node: NodeID, _ context: RequestContext) throws(Errno) -> HandleID {
    directories.insert(try DirectoryHandle(nodes.node(node), context))
  }

  /// Hands the entries of an open directory over from an offset on: `FUSE_READDIR`.
  ///
  /// - Parameter accept: takes an entry and the offset after it; says whether there was room for it.
  public func entries(
    of handle: HandleID, from offset: Int64, _ context: RequestContext, _ accept: (DirectoryEntry, Int64) -> Bool
  ) throws(Errno) {
    guard offset >= 0 else { throw .invalidArgument }
    tree.willQueryStore(context)
    try directories.handle(handle).entries(from: offset, context, accept)
  }

  /// How many entries of a directory are looked up before it is known whether anybody wants that.
  private static let firstLookups: Int64 = 128

  /// Hands the entries of an open directory over like ``entries(of:from:_:_:)``, each with what a lookup of its name
  /// would find, if that costs little: `FUSE_READDIRPLUS`.
  ///
  /// - Parameter accept: takes an entry, and what was found, which counts as a lookup if there was room for it.
  public func entriesWithLookups(
    of handle: HandleID, from offset: Int64, _ context: RequestContext,
    _ accept: (DirectoryEntry, Entry?, Int64) -> Bool
  ) throws(Errno) {
    guard offset >= 0 else { throw .invalidArgument }
    tree.willQueryStore(context)
    let directory = try directories.handle(handle)
    // The kernel begins every walk like this, and goes on so when names are looked up: few entries show whether.
    let last = offset == 0 ? Self.firstLookups : .max
    try directory.entries(from: offset, context) { (listed, next) in
      guard next <= last else { return false }
      let isChild = next > DirectoryHandle.ownEntries && directory.node.supportsReaddirplus
      // What is gone meanwhile is listed, and found to be gone by who looks.
      let found = isChild ? try? entry(for: directory.node.child(named: listed.name, context), context) : nil
      let isAccepted = accept(listed, found, next)
      if !isAccepted, let found { forget(found.node, times: 1) }
      return isAccepted
    }
  }

  /// Gets the next entries of an open directory ready, while the caller is busy with those it was given.
  ///
  /// - Parameter willBlock: called before what may take long.
  public func readAhead(_ handle: HandleID, willBlock: () -> Void) {
    // This thread is wanted by others.
    if tree.remote != nil { return }
    try? directories.handle(handle).readAhead(willBlock: willBlock)
  }

  /// Lets go of a directory: `FUSE_RELEASEDIR`.
  public func releaseDirectory(_ handle: HandleID) throws(Errno) {
    _ = try directories.remove(handle)
  }
}
