public import CASPlatform
public import SystemPackage

extension Tree {
  /// Opens a file: `FUSE_OPEN`.
  public func open(
    _ node: NodeID, _ request: OpenRequest, _ context: RequestContext
  ) throws(Errno) -> OpenedFile {
    if request.isChanging { try requireWritable() }
    let file = try nodes.node(node)
    guard !request.isChanging, let size = (file as? BlobNode)?.preloadedSize else {
      return opened(try file.open(request, context))
    }
    return opened(
      try preloader.open(
        node, { () throws(Errno) in try file.open(request, context) }, content: { content(of: $0, size, context) }))
  }

  /// Reads the whole content of a file.
  private func content(of file: any FileHandle, _ size: Int, _ context: RequestContext) -> [UInt8]? {
    guard case .file(let source, let offset, let count)? = try? file.read(at: 0, count: size, context),
      let content = try? bytes(
        count: count, { (span) throws(Errno) in try source.read(into: &span, at: offset) }),
      content.count == size
    else { return nil }
    shared.counters.add(.bytesRead, Int64(size))
    return content
  }

  /// Sets the function that puts the content of a node into the kernel's cache: `FUSE_NOTIFY_STORE`.
  ///
  /// Called before the first request; not for a mount that an earlier process has served, whose files may be open.
  public func preload(with store: @escaping @Sendable (NodeID, [UInt8]) -> Void) {
    preloader.start(store)
  }

  /// Creates a file and opens it for writing: `FUSE_CREATE`.
  public func create(
    _ name: String, permissions: UInt32, in parent: NodeID, _ context: RequestContext
  ) throws(Errno) -> (entry: Entry, file: OpenedFile) {
    let directory = try writable(parent, name)
    let (node, handle) = try directory.create(name, permissions: permissions, context)
    let place = NodePlace(parent: parent, name: name)
    return (entry(for: (node, try node.attributes(context)), at: place), opened(handle))
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

  /// The handle of a file that the kernel has opened without FUSE_OPEN.
  public static let noHandle: HandleID = 0

  /// Whether files can be read by their nodes alone, with ``noHandle``: all are of one image, whose content needs no state
  /// of an open file.
  public var readsWithoutHandles: Bool { rootImage != nil }

  /// Reads from an offset: `FUSE_READ`.
  ///
  /// - Parameter node: the file, by which a handle of an earlier process is opened again.
  /// - Returns: fewer than `count` bytes only at the end of the file.
  public func read(
    _ handle: HandleID, of node: NodeID? = nil, at offset: Int64, count: Int, _ context: RequestContext
  ) throws(Errno) -> ReadResult {
    guard offset >= 0 else { throw .invalidArgument }
    let result = try file(handle, of: node, context).read(at: offset, count: count, context)
    switch result {
    case .bytes(let bytes): shared.counters.add(.bytesRead, Int64(bytes.count))
    case .file(_, _, let count): shared.counters.add(.bytesRead, Int64(count))
    }
    return result
  }

  /// Finds the next data or hole of a file: `FUSE_LSEEK`.
  ///
  /// - Parameter node: the file, by which a handle of an earlier process is opened again.
  /// - Throws: ENXIO for an offset outside the content, and where no data follows.
  public func offset(
    of target: SeekTarget, from start: Int64, in handle: HandleID, of node: NodeID? = nil, _ context: RequestContext
  ) throws(Errno) -> Int64 {
    guard start >= 0 else { throw .noSuchAddressOrDevice }
    return try file(handle, of: node, context).offset(of: target, from: start, context)
  }

  /// Writes all bytes at an offset: `FUSE_WRITE`.
  ///
  /// - Throws: EROFS; EFBIG beyond 16 TiB; EIO for a handle of an earlier process, whose content is lost.
  public func write(
    _ handle: HandleID, _ bytes: Span<UInt8>, at offset: Int64, _ context: RequestContext
  ) throws(Errno) {
    try requireWritable()
    guard offset >= 0, offset <= Self.maximumFileSize - Int64(bytes.count) else { throw .fileTooLarge }
    try file(handle, of: nil, context).write(bytes, at: offset, context)
    shared.counters.add(.bytesWritten, Int64(bytes.count))
  }

  /// Handles the close of one descriptor: `FUSE_FLUSH`.
  ///
  /// - Parameter node: the file, by which a handle of an earlier process is opened again.
  /// - Throws: the error of `close(2)`.
  public func flush(_ handle: HandleID, of node: NodeID? = nil, _ context: RequestContext) throws(Errno) {
    try file(handle, of: node, context).flush(context)
  }

  /// Writes content out without committing it: `FUSE_FSYNC`.
  ///
  /// - Parameter node: the file, by which a handle of an earlier process is opened again.
  public func synchronize(_ handle: HandleID, of node: NodeID? = nil, _ context: RequestContext) throws(Errno) {
    try file(handle, of: node, context).synchronize(context)
  }

  /// Closes a file after its last descriptor and mapping: `FUSE_RELEASE`.
  ///
  /// - Returns: whether it was opened with a backing file, or may have been by an earlier process.
  @discardableResult
  public func release(_ handle: HandleID, _ context: RequestContext) throws(Errno) -> Bool {
    let file: any FileHandle
    do throws(Errno) {
      file = try files.remove(handle)
    } catch {
      guard files.isEarlier(handle) else { throw error }
      return true
    }
    file.release(context)
    return file.backing != nil
  }

  /// The file of a handle; one that an earlier process opened for reading is opened again.
  ///
  /// - Parameter node: the file; `nil` for an operation of writers.
  /// - Throws: EIO for a file that was open for writing, whose content is lost with its process, and for one that was
  ///   deleted, whose content was open in that process alone.
  func file(_ handle: HandleID, of node: NodeID?, _ context: RequestContext) throws(Errno) -> any FileHandle {
    if handle == Self.noHandle, readsWithoutHandles, let node {
      guard let file = try nodes.node(node) as? ImageFileNode else { throw .badFileDescriptor }
      return try file.handle
    }
    return try files.handle(
      handle, fingerprint: { $0.fingerprint },
      reopening: { () throws(Errno) in
        guard let node else { throw .ioError }
        do throws(Errno) {
          return try nodes.node(node).open(OpenRequest(isWriting: false), context)
        } catch {
          throw error == .staleNFSFileHandle || error == .noSuchFileOrDirectory ? .ioError : error
        }
      }, releasing: { $0.release(context) })
  }

  private func opened(_ handle: any FileHandle) -> OpenedFile {
    OpenedFile(
      handle: files.insert(
        handle, isWriting: !handle.ignoresFlush, fingerprint: journal == nil ? 0 : handle.fingerprint),
      cachePolicy: handle.cachePolicy, backing: handle.backing, ignoresFlush: handle.ignoresFlush)
  }
}
