import CAS
import CASPlatform
import OCI
import SystemPackage

/// One version of a stored blob. A replaced copy is another node with the same inode number.
final class BlobNode: Node {
  private let shared: TreeContext
  private let packed: PackedBlob

  init(_ shared: TreeContext, _ digest: Digest, _ info: BlobInfo) {
    self.shared = shared
    packed = PackedBlob(digest, info)
  }

  var digest: Digest { packed.digest }
  var info: BlobInfo { packed.info }

  var preferredID: NodeID { NodeID(Inode.blobNode(digest, version: info.version)) }
  var inode: UInt64 { Inode.blob(digest) }
  var kind: NodeKind { .file }
  var entryTimeout: Duration {
    // The name is hidden from the process that removed the blob alone.
    if shared.removals.contains(digest) { return .zero }
    return shared.watch.withLock(notifying: .none) { state in
      if case .watching = state { CacheTimeout.watched } else { CacheTimeout.second }
    }
  }

  /// The length of content that is put into the kernel's cache at the first open; `nil` for other content.
  var preloadedSize: Int? {
    shared.options.cachesBlobs && 1...BlobHandle.quickSize ~= info.size ? Int(info.size) : nil
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

  /// Accepts owner, mode and times without keeping them, as the tools that set them expect.
  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    guard changes.size == nil, shared.isWritable else { throw .readOnlyFileSystem }
    return try attributes(context)
  }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    if request.isChanging {
      guard request.isTruncating, shared.isWritable else { throw .readOnlyFileSystem }
      // Readers keep this node. ESTALE makes the kernel look the name up again, which finds the new content.
      shared.rewrites.begin(IncomingFile(promising: digest, permissions: 0o644, shared, context), context)
      throw .staleNFSFileHandle
    }
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
    try BlobAttribute.value(name, BlobAddress(digest: digest, size: info.size))
  }
}
