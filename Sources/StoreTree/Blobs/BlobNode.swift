import CAS
import CASPlatform
import OCI
import SystemPackage

/// One version of a stored blob. A replaced copy is another node with the same inode number.
final class BlobNode: Node {
  private let tree: TreeContext
  let digest: Digest
  private let info: BlobInfo

  init(_ tree: TreeContext, _ digest: Digest, _ info: BlobInfo) {
    self.tree = tree
    self.digest = digest
    self.info = info
  }

  var preferredID: NodeID { NodeID(Inode.blobNode(digest, version: info.version)) }
  var inode: UInt64 { Inode.blob(digest) }
  var kind: NodeKind { .file }
  var entryTimeout: Duration {
    tree.watch.withLock(notifying: .none) { state in
      if case .watching = state { CacheTimeout.watched } else { CacheTimeout.second }
    }
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? BlobNode else { return false }
    return digest == other.digest && info == other.info
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    tree.attributes(
      inode: inode, kind: .file, permissions: 0o444, size: info.size, modified: info.modified,
      attributeTimeout: CacheTimeout.lasting)
  }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    if request.isWriting || request.isTruncating { throw .readOnlyFileSystem }
    if let content = tree.recent.content(of: preferredID, digest, version: info.version) {
      content.countOpen()
      return content
    }
    let content = try opened(context)
    if content.isCacheable { tree.recent.keep(content) }
    if content.version != info.version {
      content.release(context)
      // ESTALE makes the kernel look the name up again, which finds the new node.
      throw .staleNFSFileHandle
    }
    content.countOpen()
    return content
  }

  private func opened(_ context: RequestContext) throws(Errno) -> BlobHandle {
    do throws(Errno) {
      return try BlobHandle(tree, digest, info, context)
    } catch {
      // Cached open blobs must not take the descriptors that a caller needs. Two rotations drop all of them.
      guard error == .tooManyOpenFiles || error == .tooManyOpenFilesInSystem else { throw error }
      tree.recent.rotate()
      tree.recent.rotate()
      return try BlobHandle(tree, digest, info, context)
    }
  }

  func attribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    if BlobAttribute.unsupported.contains(where: { $0.sameBytes(as: name) }) { throw .notSupportedOnSocket }
    return try BlobAttribute.value(name, BlobAddress(digest: digest, size: info.size))
  }
}
