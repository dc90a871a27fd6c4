import CAS
import CASPlatform
import SystemPackage

/// The blob of an alias, as a handle last read it.
struct OpenAlias: Sendable {
  var address: BlobAddress
  var content: BlobHandle
}

/// A file below `incoming`, open by a process.
final class IncomingHandle: FileHandle {
  let file: IncomingFile
  let isWriting: Bool
  let content: Monitor<OpenAlias?>
  /// The process that opened the file; 0 when it cannot be seen.
  let process: ProcessIdentity

  init(_ file: IncomingFile, process: ProcessIdentity, isWriting: Bool, content: OpenAlias? = nil) {
    self.content = Monitor(content)
    self.file = file
    self.process = process
    self.isWriting = isWriting
    if isWriting { file.shared.descriptorTables.didOpen(file.inode) }
  }

  /// Opens the blob of the alias.
  func open(_ address: BlobAddress, _ context: RequestContext) throws(Errno) {
    _ = try file.blob(address, keeping: content, context)
  }

  var ignoresFlush: Bool { !isWriting }
  // Each write must reach the daemon once, when it is made, to be hashed in order.
  var cachePolicy: CachePolicy { isWriting ? .directIOMappable : .invalidate }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    try file.read(at: offset, count: count, keeping: content, context)
  }

  func offset(of target: SeekTarget, from start: Int64, _ context: RequestContext) throws(Errno) -> Int64 {
    try file.offset(of: target, from: start, keeping: content, context)
  }

  func write(_ bytes: Span<UInt8>, at offset: Int64, _ context: RequestContext) throws(Errno) {
    guard isWriting else { throw .badFileDescriptor }
    try file.changeContent(by: process, context) { (stage) throws(CASError) in try stage.write(bytes, at: offset) }
  }

  func flush(_ context: RequestContext) throws(Errno) {
    guard isWriting else { return }
    file.shared.descriptorTables.didClose(file.inode, context)
    try file.flush(self, context)
  }

  func synchronize(_ context: RequestContext) throws(Errno) {
    try file.synchronize(context)
  }

  func release(_ context: RequestContext) {
    content.withLock { $0 }?.content.release(context)
    guard isWriting else { return }
    file.shared.descriptorTables.didRelease(file.inode)
    file.release(self, context)
  }
}
