import CASPlatform
import SystemPackage

/// A file whose content is generated at each open, as in procfs. A reader keeps the content that it opened.
final class SyntheticFile: Node {
  private let shared: TreeContext
  private let content: @Sendable (RequestContext) throws(Errno) -> [UInt8]
  private let modified: @Sendable (RequestContext) throws(Errno) -> Timestamp
  let inode: UInt64

  init(
    _ shared: TreeContext, inode: UInt64,
    content: @escaping @Sendable (RequestContext) throws(Errno) -> [UInt8],
    modified: @escaping @Sendable (RequestContext) throws(Errno) -> Timestamp
  ) {
    self.shared = shared
    self.inode = inode
    self.content = content
    self.modified = modified
  }

  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .file }
  var entryTimeout: Duration { CacheTimeout.lasting }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .file, permissions: 0o444, size: Int64(try content(context).count),
      modified: try modified(context), attributeTimeout: CacheTimeout.brief)
  }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    if request.isWriting || request.isTruncating { throw .readOnlyFileSystem }
    return BufferHandle(try content(context))
  }
}

/// An open file whose content is in memory.
final class BufferHandle: FileHandle {
  private let content: [UInt8]

  init(_ content: [UInt8]) {
    self.content = content
  }

  // The cached length can be that of older content.
  var cachePolicy: CachePolicy { .directIO }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    guard let start = Int(exactly: offset), start < content.count else { return .bytes([]) }
    return .bytes(Array(content[start..<min(content.count, start + count)]))
  }

  func offset(of target: SeekTarget, from start: Int64, _ context: RequestContext) throws(Errno) -> Int64 {
    try target.offset(from: start, inSolid: Int64(content.count))
  }
}
