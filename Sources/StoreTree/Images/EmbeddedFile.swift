import CAS
import CASPlatform
import OCI
import SystemPackage

/// A part of an image whose content is embedded in its descriptor, and not stored as a blob.
final class EmbeddedFile: Node {
  private let shared: TreeContext
  private let digest: Digest
  private let content: [UInt8]
  let inode: UInt64

  init(_ shared: TreeContext, path: [FileName], _ digest: Digest, _ content: [UInt8]) {
    self.shared = shared
    self.digest = digest
    self.content = content
    inode = ImagesDirectory.inode(path)
  }

  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .file }
  var entryTimeout: Duration { CacheTimeout.brief }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? EmbeddedFile else { return false }
    return inode == other.inode && digest == other.digest
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .file, permissions: 0o444, size: Int64(content.count), modified: shared.started,
      attributeTimeout: CacheTimeout.brief)
  }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    if request.isChanging { throw .readOnlyFileSystem }
    return BufferHandle(content)
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    try BlobAttribute.value(name, BlobAddress(digest: digest, size: Int64(content.count)))
  }
}
