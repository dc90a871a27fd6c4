import CASPlatform
import OCI
import SystemPackage

/// `oci-layout`. Tools write it again with each image; what they write is checked, and the file stays as it is.
final class LayoutFile: LayoutNode {
  let shared: TreeContext

  init(_ shared: TreeContext) {
    self.shared = shared
  }

  var inode: UInt64 { Inode.layout }
  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .file }
  // As that of `index.json`.
  var entryTimeout: Duration { CacheTimeout.lasting }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .file, permissions: shared.isWritable ? 0o644 : 0o444,
      size: Int64(ImageLayout.content.count), modified: shared.started, attributeTimeout: CacheTimeout.second)
  }

  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    if let size = changes.size {
      guard let handle = handle as? LayoutHandle else { throw .notPermitted }
      try handle.truncate(to: size)
    }
    return try attributes(context)
  }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    guard request.isChanging else { return BufferHandle(ImageLayout.content) }
    guard shared.isWritable else { throw .readOnlyFileSystem }
    return LayoutHandle(
      shared, content: request.isTruncating ? [] : ImageLayout.content,
      process: shared.processes.process(ofThread: context.thread))
  }
}

/// `oci-layout` open for writing.
final class LayoutHandle: FileHandle {
  struct State {
    var content: EditedContent
    var isChanged: Bool
  }

  /// The longest content in bytes.
  private static let limit = 4096
  private let shared: TreeContext
  let process: ProcessIdentity
  let state: Monitor<State>

  /// - Parameter isChanged: whether the content differs from what was read; `nil` if it does where it is empty.
  init(_ shared: TreeContext, content: [UInt8], isChanged: Bool? = nil, process: ProcessIdentity) {
    self.shared = shared
    self.process = process
    state = Monitor(
      State(content: EditedContent(content, limit: Self.limit), isChanged: isChanged ?? content.isEmpty))
  }

  var cachePolicy: CachePolicy { .directIO }
  var ignoresFlush: Bool { false }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    state.withLock { $0.content.bytes }.read(at: offset, count: count)
  }

  func offset(of target: SeekTarget, from start: Int64, _ context: RequestContext) throws(Errno) -> Int64 {
    try target.offset(from: start, inSolid: Int64(state.withLock { $0.content.bytes.count }))
  }

  func write(_ bytes: Span<UInt8>, at offset: Int64, _ context: RequestContext) throws(Errno) {
    try state.withLock { (state) throws(Errno) in
      try state.content.write(bytes, at: offset)
      state.isChanged = true
    }
  }

  func truncate(to size: Int64) throws(Errno) {
    try state.withLock { (state) throws(Errno) in
      try state.content.truncate(to: size)
      state.isChanged = true
    }
  }

  /// Checks what was written.
  ///
  /// - Throws: EINVAL if it is not the file of a layout of the supported version.
  func flush(_ context: RequestContext) throws(Errno) {
    guard state.withLock({ $0.isChanged }),
      shared.descriptorTables.closesLast(of: process, inode: Inode.layout, context)
    else { return }
    do throws(InvalidValue) {
      try ImageLayout.validate(state.withLock { $0.content.bytes })
    } catch {
      if shared.processes.wasKilled(thread: context.thread) { return }
      shared.refuse("write \(ImageLayout.fileName): process \(process): \(error)")
      throw .invalidArgument
    }
  }
}
