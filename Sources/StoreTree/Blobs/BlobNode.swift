import CAS
import CASPlatform
import OCI
import SystemPackage

/// One version of a stored blob. A replaced copy is another node with the same inode number.
final class BlobNode: Node {
  private let shared: TreeContext
  let digest: Digest
  private let info: BlobInfo

  init(_ shared: TreeContext, _ digest: Digest, _ info: BlobInfo) {
    self.shared = shared
    self.digest = digest
    self.info = info
  }

  var preferredID: NodeID { NodeID(Inode.blobNode(digest, version: info.version)) }
  var inode: UInt64 { Inode.blob(digest) }
  var kind: NodeKind { .file }
  var entryTimeout: Duration {
    shared.watch.withLock(notifying: .none) { state in
      if case .watching = state { CacheTimeout.watched } else { CacheTimeout.second }
    }
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? BlobNode else { return false }
    return digest == other.digest && info == other.info
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .file, permissions: 0o444, size: info.size, allocatedSize: info.allocatedSize,
      modified: info.modified, attributeTimeout: CacheTimeout.lasting)
  }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    if request.isWriting || request.isTruncating { throw .readOnlyFileSystem }
    if let content = shared.openBlobs.content(of: preferredID, digest, version: info.version) {
      content.countOpen()
      return content
    }
    let content = try BlobHandle(shared, digest, info, context)
    if content.isCacheable { shared.openBlobs.keep(content) }
    if content.version != info.version {
      content.release(context)
      // ESTALE makes the kernel look the name up again, which finds the new node.
      throw .staleNFSFileHandle
    }
    content.countOpen()
    return content
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    if BlobAttribute.unsupported.contains(where: { $0.sameBytes(as: name) }) { throw .notSupportedOnSocket }
    return try BlobAttribute.value(name, BlobAddress(digest: digest, size: info.size))
  }
}
