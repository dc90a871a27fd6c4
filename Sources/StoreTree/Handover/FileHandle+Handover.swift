import CAS
import CASPlatform
import OCI
import SystemPackage

/// The kinds of open files that one program leaves to the next. A file of another kind is opened again, as after the death
/// of a process.
private enum HandleKind: UInt8 {
  case blob = 1
  case incoming, index, indexReader, layout, reference, buffer
}

/// The open files of a tree, for the next program.
struct HandleWriter {
  private var blobs: [ObjectIdentifier: Int] = [:]
  private var contents: [[UInt8]: Int] = [:]

  /// Writes the blobs, each once, although many handles can share one.
  mutating func addBlobs(of handles: some Collection<any FileHandle>, to writer: inout HandoverWriter) {
    var found: [(blob: BlobHandle, file: BlobFile)] = []
    for case let blob? in handles.map(Self.blob) {
      guard blobs[ObjectIdentifier(blob)] == nil, let file = blob.file else { continue }
      blobs[ObjectIdentifier(blob)] = found.count
      found.append((blob, file))
    }
    writer.add(list: found) { (writer, entry) in
      writer.add(entry.blob.digest)
      writer.add(entry.file.file)
      writer.add(entry.file.offset)
      writer.add(entry.file.info)
    }
  }

  private static func blob(of handle: any FileHandle) -> BlobHandle? {
    handle as? BlobHandle ?? (handle as? IncomingHandle)?.content.withLock(notifying: .none) { $0?.content }
  }

  /// Writes a content that several handles can share: its position if it was written before.
  private mutating func add(shared content: [UInt8], to writer: inout HandoverWriter) {
    let known = contents[content]
    writer.add(known) { $0.add(UInt64($1)) }
    guard known == nil else { return }
    contents[content] = contents.count
    writer.add(content)
  }

  /// Whether the next program gets a handle; if not, it opens the file again.
  func isHandedOver(_ handle: any FileHandle) -> Bool {
    if let blob = handle as? BlobHandle { return blobs[ObjectIdentifier(blob)] != nil }
    return handle is IncomingHandle || handle is any OpenIndex || handle is LayoutHandle || handle is ReferenceHandle
      || handle is BufferHandle
  }

  /// Writes a handle that is handed over.
  mutating func add(_ handle: any FileHandle, of id: HandleID, to writer: inout HandoverWriter) {
    func begin(_ kind: HandleKind) {
      writer.add(id)
      writer.add(kind.rawValue)
    }
    switch handle {
    case let handle as BlobHandle:
      begin(.blob)
      writer.add(UInt64(blobs[ObjectIdentifier(handle)] ?? 0))
    case let handle as IncomingHandle:
      begin(.incoming)
      writer.add(handle.file.number)
      writer.add(handle.process)
      writer.add(handle.isWriting)
      let alias = handle.content.withLock(notifying: .none) { $0 }
      let open = alias.flatMap { alias in blobs[ObjectIdentifier(alias.content)].map { (alias.address, $0) } }
      writer.add(open) { (writer, open) in
        writer.add(open.0)
        writer.add(UInt64(open.1))
      }
    case let handle as IndexHandle:
      begin(.index)
      let state = handle.state.withLock(notifying: .none) { $0 }
      writer.add(handle.process)
      writer.add(state.content.bytes)
      writer.add(UInt64(state.failedParses))
      writer.add(UInt64(state.countedSize))
      for isTrue in [state.isChanged, state.isRefused] { writer.add(isTrue) }
      writer.add(state.failure) { $0.add($1) }
    case let handle as IndexReader:
      begin(.indexReader)
      writer.add(handle.process)
      writer.add(handle.fingerprint)
      add(shared: handle.content.bytes, to: &writer)
    case let handle as LayoutHandle:
      begin(.layout)
      let state = handle.state.withLock(notifying: .none) { $0 }
      writer.add(handle.process)
      writer.add(state.content.bytes)
      writer.add(state.isChanged)
    case let handle as ReferenceHandle:
      begin(.reference)
      let state = handle.state.withLock(notifying: .none) { $0 }
      writer.add(handle.path)
      writer.add(handle.process)
      writer.add(state.text.bytes)
      for isTrue in [state.isChanged, state.isClosed] { writer.add(isTrue) }
      writer.add(state.failure) { $0.add($1) }
    case let handle as BufferHandle:
      begin(.buffer)
      add(shared: handle.bytes, to: &writer)
    default: break
    }
  }
}

/// Reads what a ``HandleWriter`` wrote.
struct HandleReader {
  private let shared: TreeContext
  private let files: [UInt64: IncomingFile]
  private var blobs: [BlobHandle] = []
  private var contents: [[UInt8]] = []

  /// - Parameter files: the files below `incoming` and in other places, by their numbers.
  init(_ shared: TreeContext, files: [UInt64: IncomingFile]) {
    (self.shared, self.files) = (shared, files)
  }

  mutating func readBlobs(from reader: inout HandoverReader) throws(Errno) {
    blobs = try reader.list { [shared] (reader) throws(Errno) in
      let (digest, file) = (try reader.digest(), try reader.file())
      return BlobHandle(
        shared, digest, BlobFile(file: file, offset: try reader.size(), info: try reader.info()))
    }
  }

  private func blob(_ position: Int) throws(Errno) -> BlobHandle {
    guard blobs.indices.contains(position) else { throw .badMessage }
    return blobs[position]
  }

  private mutating func sharedContent(from reader: inout HandoverReader) throws(Errno) -> [UInt8] {
    if let position = try reader.optional({ (reader) throws(Errno) in try reader.number(Int.self) }) {
      guard contents.indices.contains(position) else { throw .badMessage }
      return contents[position]
    }
    contents.append(try reader.bytes())
    return contents[contents.count - 1]
  }

  /// Reads a handle.
  ///
  /// - Returns: a function that opens it, which has effects on what the handles share.
  mutating func next(from reader: inout HandoverReader) throws(Errno) -> (HandleID, () -> any FileHandle) {
    let id: HandleID = try reader.number()
    guard let kind = HandleKind(rawValue: try reader.number()) else { throw .badMessage }
    return (id, try handle(kind, from: &reader))
  }

  private mutating func handle(
    _ kind: HandleKind, from reader: inout HandoverReader
  ) throws(Errno) -> () -> any FileHandle {
    let shared = shared
    switch kind {
    case .blob:
      let blob = try blob(try reader.number())
      return { blob }
    case .incoming:
      guard let file = files[try reader.number()] else { throw .badMessage }
      let (process, isWriting) = (try reader.process(), try reader.bool())
      let open = try reader.optional { (reader) throws(Errno) in (try reader.address(), try reader.number(Int.self)) }
      let alias = try open.map { (open) throws(Errno) in OpenAlias(address: open.0, content: try blob(open.1)) }
      return {
        if isWriting { file.state.withLock(notifying: .none) { $0.openWriters += 1 } }
        return IncomingHandle(file, process: process, isWriting: isWriting, content: alias)
      }
    case .index:
      let process = try reader.process()
      var state = IndexHandle.State(
        content: EditedContent(try reader.bytes(), limit: ImageIndex.maximumSize), isChanged: false)
      state.failedParses = try reader.number()
      state.countedSize = try reader.number()
      guard state.countedSize <= state.content.bytes.count else { throw .badMessage }
      (state.isChanged, state.isRefused) = (try reader.bool(), try reader.bool())
      state.failure = try reader.optional { (reader) throws(Errno) in try reader.error() }
      let resumed = state
      return { IndexHandle(shared, resuming: resumed, process: process) }
    case .indexReader:
      let process = try reader.process()
      let fingerprint: UInt32 = try reader.number()
      let content = try sharedContent(from: &reader)
      return { IndexReader(shared, pieces: [content[...]], fingerprint: fingerprint, process: process) }
    case .layout:
      let process = try reader.process()
      let (content, isChanged) = (try reader.bytes(), try reader.bool())
      return { LayoutHandle(shared, content: content, isChanged: isChanged, process: process) }
    case .reference:
      let path = try reader.path()
      guard let name = ReferenceView.name(of: path) else { throw .badMessage }
      let process = try reader.process()
      var state = ReferenceHandle.State(
        text: EditedContent(try reader.bytes(), limit: ReferenceHandle.limit), isChanged: false)
      (state.isChanged, state.isClosed) = (try reader.bool(), try reader.bool())
      state.failure = try reader.optional { (reader) throws(Errno) in try reader.error() }
      let resumed = state
      return {
        ReferenceHandle(
          shared, name, path: path, inode: ReferenceFile.inode(path), resuming: resumed, process: process)
      }
    case .buffer:
      let content = try sharedContent(from: &reader)
      return { BufferHandle(content) }
    }
  }
}
