import CASPlatform
import OCI
import SystemPackage

/// An open file of `index.json`, whose content is not that of others.
protocol OpenIndex: FileHandle {
  /// The length in bytes.
  var size: Int { get }
}

/// The open files of `index.json` by process.
///
/// `FUSE_GETATTR` of `fstat(2)` does not say which open file it is about. The process has read, or is about to read, the
/// one that it opened last.
final class OpenIndexes: Sendable {
  private let state = Monitor<[ProcessIdentity: [any OpenIndex]]>([:])

  func insert(_ file: any OpenIndex, of process: ProcessIdentity) {
    if process != .unseen { state.withLock { $0[process, default: []].append(file) } }
  }

  func remove(_ file: any OpenIndex, of process: ProcessIdentity) {
    state.withLock { state in
      state[process]?.removeAll { $0 === file }
      if state[process]?.isEmpty ?? false { state[process] = nil }
    }
  }

  var isEmpty: Bool { state.withLock(notifying: .none) { $0.isEmpty } }

  /// The length, in bytes, of the file that a process opened last; `nil` if it has none open.
  func size(of process: ProcessIdentity) -> Int? {
    let file = state.withLock(notifying: .none) { $0[process]?.last }
    return file?.size
  }
}

/// `index.json` open for reading: one version of it.
final class IndexReader: OpenIndex {
  private let shared: TreeContext
  let content: BufferHandle
  let process: ProcessIdentity
  let size: Int
  let fingerprint: UInt32

  convenience init(_ shared: TreeContext, _ version: IndexVersions.Served, process: ProcessIdentity) {
    // The stamp stands for the content, which can be long.
    let fingerprint = BufferHandle(Array(version.stamp.text.utf8)).fingerprint
    self.init(shared, pieces: version.pieces, fingerprint: fingerprint, process: process)
  }

  /// Goes on with a version that an earlier program had open, or opens one.
  init(_ shared: TreeContext, pieces: [ArraySlice<UInt8>], fingerprint: UInt32, process: ProcessIdentity) {
    self.shared = shared
    content = BufferHandle(pieces: pieces)
    self.process = process
    size = pieces.byteCount
    self.fingerprint = fingerprint
    shared.openIndexes.insert(self, of: process)
  }

  var cachePolicy: CachePolicy { content.cachePolicy }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    try content.read(at: offset, count: count, context)
  }

  func offset(of target: SeekTarget, from start: Int64, _ context: RequestContext) throws(Errno) -> Int64 {
    try content.offset(of: target, from: start, context)
  }

  func release(_ context: RequestContext) { shared.openIndexes.remove(self, of: process) }
}
