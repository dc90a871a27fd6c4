import CASPlatform
import OCI
import SystemPackage

/// A link from a part of an image to its blob.
final class BlobLink: Node {
  private let shared: TreeContext
  private let target: String
  let inode: UInt64

  init(_ shared: TreeContext, path: [FileName], _ digest: Digest) {
    self.shared = shared
    target = SymbolicLink.target(of: digest, depth: path.count)
    inode = ImagesDirectory.inode(path)
  }

  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .link }
  var entryTimeout: Duration { CacheTimeout.brief }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? BlobLink else { return false }
    return inode == other.inode && target.sameBytes(as: other.target)
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .link, permissions: 0o777, size: Int64(target.utf8.count), modified: shared.started,
      attributeTimeout: CacheTimeout.brief)
  }

  func linkTarget() throws(Errno) -> String { try SymbolicLink.checked(target) }
}
