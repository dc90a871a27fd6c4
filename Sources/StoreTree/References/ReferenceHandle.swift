import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

/// `refs/NAME` open for writing. The text becomes the reference at the close by the opener.
///
/// Several opens of a name have a text each, and each of them becomes the reference or fails. A complete text is put at
/// the first close, so that no close has to tell another descriptor of this open from one of another open.
final class ReferenceHandle: FileHandle {
  struct State {
    var text: EditedContent
    var isChanged: Bool
    var failure: Errno?
    /// Whether the opener has closed its last descriptor.
    var isClosed = false
  }

  /// The longest text in bytes. A descriptor can embed content.
  static let limit = 1 << 20

  private let shared: TreeContext
  private let name: ReferenceName
  let path: [FileName]
  let inode: UInt64
  let process: ProcessIdentity
  let state: Monitor<State>

  /// Opens a reference for writing.
  ///
  /// - Parameter text: the present text; `nil` for a new or truncated file, which must not be closed empty.
  init(
    _ shared: TreeContext, _ name: ReferenceName, path: [FileName], inode: UInt64, text: [UInt8]?,
    _ context: RequestContext
  ) {
    self.shared = shared
    self.name = name
    self.path = path
    self.inode = inode
    process = shared.processes.process(ofThread: context.thread)
    state = Monitor(State(text: EditedContent(text ?? [], limit: Self.limit), isChanged: text == nil))
    shared.references.beginWriting(path, process: process)
  }

  /// Goes on with a file that an earlier program had open.
  init(
    _ shared: TreeContext, _ name: ReferenceName, path: [FileName], inode: UInt64, resuming state: State,
    process: ProcessIdentity
  ) {
    self.shared = shared
    self.name = name
    self.path = path
    self.inode = inode
    self.process = process
    self.state = Monitor(state)
    shared.references.beginWriting(path, process: process)
    if state.isClosed { shared.references.didClose(path, process: process) }
  }

  var cachePolicy: CachePolicy { .directIO }
  var ignoresFlush: Bool { false }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    state.withLock { $0.text.bytes }.read(at: offset, count: count)
  }

  func offset(of target: SeekTarget, from start: Int64, _ context: RequestContext) throws(Errno) -> Int64 {
    try target.offset(from: start, inSolid: Int64(state.withLock { $0.text.bytes.count }))
  }

  func write(_ bytes: Span<UInt8>, at offset: Int64, _ context: RequestContext) throws(Errno) {
    let text = try state.withLock { (state) throws(Errno) in
      if let failure = state.failure { throw failure }
      try state.text.write(bytes, at: offset)
      state.isChanged = true
      return state.text.bytes
    }
    // Shells ignore the error of close(2), so an error that can be decided now is the error of the write.
    if ReferenceText.isUnfinished(text) { return }
    do throws(Errno) {
      context.willBlock()
      let descriptor = try awaitedDescriptor(text, context)
      let existing = try? shared.engine.reference(named: name)
      guard existing == nil || existing == shared.engine.storable(descriptor) else { throw .fileExists }
      // Only the put shows whether a remote store takes the reference.
      if shared.remote != nil { try publish(context) }
    } catch {
      state.withLock { $0.failure = error }
      throw error
    }
  }

  /// Truncates or extends the text: `ftruncate(2)`.
  func truncate(to size: Int64) throws(Errno) {
    try state.withLock { (state) throws(Errno) in
      try state.text.truncate(to: size)
      state.isChanged = true
    }
  }

  func flush(_ context: RequestContext) throws(Errno) {
    if let failure = state.withLock({ $0.failure }) { throw failure }
    guard shared.processes.isClosedByOpener(process, context) else { return }
    let isLast = isLastClose(context)
    if isLast { noteClose() }
    if shared.processes.wasKilled(thread: context.thread) {
      if isLast { state.withLock { $0.isChanged = false } }
      return
    }
    let text: [UInt8]? = state.withLock { $0.isChanged ? $0.text.bytes : nil }
    guard let text, isLast || (try? ReferenceText(text)) != nil else { return }
    try publish(context)
  }

  /// Whether the opener has no descriptor left of this open, as far as their number shows: each of its other opens has
  /// one at least.
  private func isLastClose(_ context: RequestContext) -> Bool {
    let others = shared.references.openCount(path, process: process) - (state.withLock { $0.isClosed } ? 0 : 1)
    return shared.descriptorTables.closesLast(of: process, inode: inode, besides: others, context)
  }

  private func noteClose() {
    let isFirst = state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
    if isFirst { shared.references.didClose(path, process: process) }
  }

  func release(_ context: RequestContext) {
    if state.withLock({ $0.failure }) == nil {
      do throws(Errno) {
        try publish(context)
      } catch {
        shared.logger.error("put reference \(name): \(error) after its last close")
      }
    }
    noteClose()
    shared.references.endWriting(path)
  }

  private func publish(_ context: RequestContext) throws(Errno) {
    let text: [UInt8]? = state.withLock { $0.isChanged ? $0.text.bytes : nil }
    guard let text else { return }
    do throws(Errno) {
      context.willBlock()
      let descriptor = try descriptor(text, context)
      try shared.errors.map(
        try shared.engine.putReferenceToStored(descriptor, named: name, cancellation: context.cancellation))
      state.withLock { $0.isChanged = false }
      shared.didChangeReferences([name], by: process)
    } catch {
      state.withLock { $0.failure = error }
      throw error
    }
  }

  /// The descriptor of the text. If the blob is missing, a commit under way may store it, so that is waited for.
  private func awaitedDescriptor(_ text: [UInt8], _ context: RequestContext) throws(Errno) -> Descriptor {
    do throws(Errno) {
      return try descriptor(text, context)
    } catch {
      guard error == .noSuchFileOrDirectory, try shared.commits.wait(context) else { throw error }
      return try descriptor(text, context)
    }
  }

  /// The descriptor of the text.
  ///
  /// - Throws: EINVAL when the text is malformed or the size is not the blob's, ENOENT when the blob is not stored.
  private func descriptor(_ text: [UInt8], _ context: RequestContext) throws(Errno) -> Descriptor {
    let parsed: ReferenceText
    do throws(InvalidValue) {
      parsed = try ReferenceText(text)
    } catch {
      throw .invalidArgument
    }
    return try shared.retryingAfterCommit(context, try stored(parsed, context))
  }

  private func stored(_ parsed: ReferenceText, _ context: RequestContext) throws(CASError) -> Descriptor {
    switch parsed {
    case .digest(let digest): return try shared.engine.descriptor(for: digest, cancellation: context.cancellation)
    case .descriptor(let descriptor):
      let info = try shared.engine.blobInfo(descriptor.digest)
      guard info.size == descriptor.size else {
        throw CASError(
          .invalid, operation: "put reference", subject: name.description, cause: "the blob has \(info.size) bytes")
      }
      return descriptor.named(nil)
    }
  }
}
