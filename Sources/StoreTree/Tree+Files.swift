public import CASPlatform
public import SystemPackage

extension Tree {
  /// Opens a file: `FUSE_OPEN`.
  public func open(
    _ node: NodeID, _ request: OpenRequest, _ context: RequestContext
  ) throws(Errno) -> OpenedFile {
    if request.isWriting || request.isTruncating { try requireWritable() }
    return opened(try nodes.node(node).open(request, context))
  }

  /// Creates a file and opens it for writing: `FUSE_CREATE`.
  public func create(
    _ name: String, permissions: UInt32, in parent: NodeID, _ context: RequestContext
  ) throws(Errno) -> (entry: Entry, file: OpenedFile) {
    let directory = try writable(parent, name)
    let (node, handle) = try directory.create(name, permissions: permissions, context)
    return (try entry(for: node, context), opened(handle))
  }

  /// Makes an empty file: `FUSE_MKNOD`, which is a create and a close.
  public func makeFile(
    _ name: String, permissions: UInt32, in parent: NodeID, _ context: RequestContext
  ) throws(Errno) -> Entry {
    let (entry, file) = try create(name, permissions: permissions, in: parent, context)
    do throws(Errno) {
      try flush(file.handle, context)
    } catch {
      try release(file.handle, context)
      forget(entry.node, times: 1)
      throw error
    }
    try release(file.handle, context)
    return entry
  }

  /// Reads from an offset: `FUSE_READ`.
  ///
  /// - Returns: fewer than `count` bytes only at the end of the file.
  public func read(
    _ handle: HandleID, at offset: Int64, count: Int, _ context: RequestContext
  ) throws(Errno) -> ReadResult {
    guard offset >= 0 else { throw .invalidArgument }
    let result = try files.handle(handle).read(at: offset, count: count, context)
    switch result {
    case .bytes(let bytes): shared.counters.add(.bytesRead, Int64(bytes.count))
    case .file(_, _, let count): shared.counters.add(.bytesRead, Int64(count))
    }
    return result
  }

  /// Finds the next data or hole of a file: `FUSE_LSEEK`.
  ///
  /// - Throws: ENXIO for an offset outside the content, and where no data follows.
  public func offset(
    of target: SeekTarget, from start: Int64, in handle: HandleID, _ context: RequestContext
  ) throws(Errno) -> Int64 {
    guard start >= 0 else { throw .noSuchAddressOrDevice }
    return try files.handle(handle).offset(of: target, from: start, context)
  }

  /// Writes all bytes at an offset: `FUSE_WRITE`.
  ///
  /// - Throws: EFBIG beyond 16 TiB.
  public func write(
    _ handle: HandleID, _ bytes: Span<UInt8>, at offset: Int64, _ context: RequestContext
  ) throws(Errno) {
    guard offset >= 0, offset <= Self.maximumFileSize - Int64(bytes.count) else { throw .fileTooLarge }
    try files.handle(handle).write(bytes, at: offset, context)
    shared.counters.add(.bytesWritten, Int64(bytes.count))
  }

  /// Handles the close of one descriptor: `FUSE_FLUSH`.
  ///
  /// - Throws: the error of `close(2)`.
  public func flush(_ handle: HandleID, _ context: RequestContext) throws(Errno) {
    try files.handle(handle).flush(context)
  }

  /// Writes content out without committing it: `FUSE_FSYNC`.
  public func synchronize(_ handle: HandleID, _ context: RequestContext) throws(Errno) {
    try files.handle(handle).synchronize(context)
  }

  /// Closes a file after its last descriptor and mapping: `FUSE_RELEASE`.
  ///
  /// - Returns: whether it was opened with a backing file.
  @discardableResult
  public func release(_ handle: HandleID, _ context: RequestContext) throws(Errno) -> Bool {
    let file = try files.remove(handle)
    file.release(context)
    return file.backing != nil
  }

  private func opened(_ handle: any FileHandle) -> OpenedFile {
    OpenedFile(
      handle: files.insert(handle), cachePolicy: handle.cachePolicy, backing: handle.backing,
      ignoresFlush: handle.ignoresFlush)
  }
}
