import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

/// `index.json` open for writing. The content is applied as soon as it is a whole index, because shells and BuildKit ignore
/// the error of `close(2)`.
final class IndexHandle: OpenIndex {
  struct State {
    var content: EditedContent
    var extent = JSONExtent()
    /// The number of contents that ended like an index and did not parse.
    var failedParses = 0
    /// The size of the content that is counted as memory of writers.
    var countedSize = 0
    /// Whether the content differs from what was read or applied.
    var isChanged: Bool
    /// Whether a close found that the content is not an index. A process that has the same open file can complete it.
    var isRefused = false
    var failure: Errno?
  }

  private let shared: TreeContext
  let process: ProcessIdentity
  let state: Monitor<State>

  /// Opens the index for writing.
  ///
  /// - Parameter content: what the process was served; `nil` for a truncated file.
  init(_ shared: TreeContext, content: [UInt8]?, process: ProcessIdentity) {
    self.shared = shared
    self.process = process
    state = Monitor(
      State(content: EditedContent(content ?? [], limit: ImageIndex.maximumSize), isChanged: content == nil))
    shared.openIndexes.insert(self, of: process)
  }

  /// Goes on with a file that an earlier program had open. Its content counts as memory of writers even past their limit.
  init(_ shared: TreeContext, resuming state: State, process: ProcessIdentity) {
    self.shared = shared
    self.process = process
    self.state = Monitor(state)
    shared.indexMemory.add(state.countedSize)
    shared.openIndexes.insert(self, of: process)
  }

  var cachePolicy: CachePolicy { .directIO }
  var ignoresFlush: Bool { false }
  var size: Int { state.withLock { $0.content.bytes.count } }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    state.withLock { $0.content.bytes }.read(at: offset, count: count)
  }

  func offset(of target: SeekTarget, from start: Int64, _ context: RequestContext) throws(Errno) -> Int64 {
    try target.offset(from: start, inSolid: Int64(state.withLock { $0.content.bytes.count }))
  }

  func write(_ bytes: Span<UInt8>, at offset: Int64, _ context: RequestContext) throws(Errno) {
    try change(context) { (state) throws(Errno) in
      // An index that is written again is about as long as before; with other space between tokens, by a third longer.
      // Reserved memory that nothing is written to takes none.
      if state.content.bytes.isEmpty, let latest = shared.indexVersions.latest {
        state.content.reserveCapacity(latest.content.count * 3 / 2 + 4096)
      }
      do throws(Errno) { try state.content.write(bytes, at: offset) } catch { throw tooLarge(&state) }
      if offset < state.extent.count { state.extent = JSONExtent() }
    }
  }

  /// Truncates or extends the content: `ftruncate(2)`.
  func truncate(to size: Int64, _ context: RequestContext) throws(Errno) {
    try change(context) { (state) throws(Errno) in
      do throws(Errno) { try state.content.truncate(to: size) } catch { throw tooLarge(&state) }
      state.extent = JSONExtent()
    }
  }

  func flush(_ context: RequestContext) throws(Errno) {
    if let failure = state.withLock({ $0.failure }) { throw failure }
    guard state.withLock({ $0.isChanged }),
      shared.descriptorTables.closesLast(of: process, inode: Inode.index, context)
    else { return }
    // A writer that was killed half way changes nothing.
    if shared.processes.wasKilled(thread: context.thread) { return state.withLock { $0.isChanged = false } }
    refuseIncomplete()
    throw .invalidArgument
  }

  func release(_ context: RequestContext) {
    shared.openIndexes.remove(self, of: process)
    shared.indexMemory.release(
      state.withLock { state in
        defer { state.countedSize = 0 }
        return state.countedSize
      })
    if state.withLock({ $0.isChanged && !$0.isRefused && $0.failure == nil }) { refuseIncomplete() }
  }

  private func refuseIncomplete() {
    let content = state.withLock { (state) in
      state.isRefused = true
      return state.content.bytes
    }
    do throws(InvalidValue) {
      _ = try IndexText(parsing: content)
    } catch {
      shared.refuse("change index: process \(process): \(error)")
    }
  }

  private func tooLarge(_ state: inout State) -> Errno {
    shared.refuseLargeIndex(process: process)
    state.failure = .fileTooLarge
    return .fileTooLarge
  }

  /// Counts the content as memory of writers. Readers share the memory of the store's index.
  private func count(_ state: inout State) throws(Errno) {
    let size = state.content.bytes.count
    do throws(Errno) {
      try shared.indexMemory.resize(from: state.countedSize, to: size)
      state.countedSize = size
    } catch {
      shared.refuse("change index: process \(process): \(size) bytes exceed what writers can keep in memory")
      shared.indexMemory.release(state.countedSize)
      state.countedSize = 0
      state.content = EditedContent([], limit: ImageIndex.maximumSize)
      state.failure = error
      throw error
    }
  }

  private func change(_ context: RequestContext, _ body: (inout State) throws(Errno) -> Void) throws(Errno) {
    let content = try state.withLock { (state) throws(Errno) -> [UInt8]? in
      if let failure = state.failure { throw failure }
      try body(&state)
      try count(&state)
      state.isChanged = true
      state.isRefused = false
      return state.canBeWhole() ? state.content.bytes : nil
    }
    guard let content else { return }
    guard let index = try? IndexText(parsing: content, spacedLike: shared.indexVersions.latest) else {
      state.withLock { $0.failedParses += 1 }
      return
    }
    do throws(Errno) {
      try shared.applyIndex(index, process: process, context)
      state.withLock { if $0.content.bytes.span.hasBytes(of: content.span) { $0.isChanged = false } }
    } catch {
      throw fail(error)
    }
  }

  private func fail(_ error: Errno) -> Errno {
    state.withLock { $0.failure = error }
    return error
  }
}

extension IndexHandle.State {
  /// The failed parses after which the end of the object is looked for instead, which takes a fixed time for each byte.
  private static let maximumFailedParses = 3
  /// The most space, in bytes, before which the end of the object is looked at.
  private static let maximumSpace = 4096

  /// Whether the content can be a whole index. Most tools write few long pieces, of which only the last one ends with a brace;
  /// with shorter pieces that could be tried in vain often.
  fileprivate mutating func canBeWhole() -> Bool {
    if let last = content.bytes.suffix(Self.maximumSpace).last(where: { $0 > 0x20 }) {
      guard last == UInt8(ascii: "}") else { return false }
      if failedParses < Self.maximumFailedParses { return true }
    }
    extent.append(content.bytes[extent.count...])
    return extent.hasEnded
  }
}
