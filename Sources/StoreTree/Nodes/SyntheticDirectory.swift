import CASPlatform
import SystemPackage

/// A directory of the mount itself, which is as old as the mount and belongs to its owner.
protocol SyntheticDirectory: Node {
  var shared: TreeContext { get }
}

extension SyntheticDirectory {
  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .directory }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0, modified: shared.started,
      attributeTimeout: min(entryTimeout, CacheTimeout.second))
  }
}
