import CASPlatform
import SystemPackage

/// A directory of the mount itself, which is as old as the mount and belongs to its owner.
protocol SyntheticDirectory: LayoutNode {}

extension SyntheticDirectory {
  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .directory }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0, modified: shared.started,
      attributeTimeout: min(entryTimeout, CacheTimeout.second))
  }

  /// Accepts owner, mode and times without keeping them, as the tools that copy directories expect.
  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    guard shared.isWritable else { throw .readOnlyFileSystem }
    if changes.size != nil { throw .isDirectory }
    return try attributes(context)
  }
}
