import CASPlatform
import OCI
import SystemPackage

/// A link from a part of an image to its blob.
final class BlobLink: Node {
  private let shared: TreeContext
  private let digest: Digest
  /// How many directories below the root of the mount the directory of the link is.
  private let depth: Int
  let inode: UInt64

  init(_ shared: TreeContext, path: [FileName], _ digest: Digest) {
    self.shared = shared
    self.digest = digest
    depth = path.count
    inode = ImagesDirectory.inode(path)
  }

  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .link }
  var entryTimeout: Duration { CacheTimeout.brief }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? BlobLink else { return false }
    return inode == other.inode && digest == other.digest && depth == other.depth
  }

  private var target: String { SymbolicLink.target(of: digest, depth: depth) }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .link, permissions: 0o777, size: Int64(target.utf8.count), modified: shared.started,
      attributeTimeout: CacheTimeout.brief)
  }

  func linkTarget() throws(Errno) -> String { try SymbolicLink.checked(target) }
}
