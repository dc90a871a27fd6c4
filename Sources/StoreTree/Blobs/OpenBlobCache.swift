import CASPlatform
import OCI

/// Recently closed blobs, kept open because short files are often reopened.
///
/// The cache has two generations. A blob that is not reopened within one is dropped at the next rotation. Descriptors
/// are closed on another thread, because `close(2)` can block on a slow disk or a fragmented file.
final class OpenBlobCache: Sendable {
  private struct State {
    var current: [NodeID: BlobHandle] = [:]
    var previous: [NodeID: BlobHandle] = [:]
    /// Dropped blobs whose descriptors are still open.
    var unused: [BlobHandle] = []

    mutating func rotate() {
      unused += previous.values
      (previous, current) = (current, [:])
    }

    mutating func takeUnused() -> [BlobHandle] {
      defer { unused = [] }
      return unused
    }
  }

  /// How many dropped blobs may wait to be closed.
  private static let backlogLimit = 64

  /// How many blobs one generation has.
  private let limit: Int
  private let state = Monitor(State())

  init(limit: Int) {
    self.limit = limit
  }

  /// The cached blob of a node, if its file still has that version. A blob of the previous generation moves to the
  /// current one.
  func content(of node: NodeID, _ digest: Digest, version: UInt64) -> BlobHandle? {
    let (content, isOld): (BlobHandle?, Bool) = state.withLock(notifying: .none) { state in
      if let content = state.current[node] { return (content, false) }
      return (state.previous[node], true)
    }
    guard let content, content.digest == digest, content.isCurrent(version) else { return nil }
    if isOld { keep(content) }
    return content
  }

  /// Adds a blob to the current generation.
  func keep(_ content: BlobHandle) {
    let unused: [BlobHandle] = state.withLock(notifying: .none) { state in
      if state.current.count >= limit { state.rotate() }
      // A handle that this replaces comes back through `didRelease(_:)`.
      state.current[content.node] = content
      return state.unused.count < Self.backlogLimit ? [] : state.takeUnused()
    }
    close(unused)
  }

  /// Takes a handle that a caller has released.
  func didRelease(_ content: BlobHandle) {
    let node = content.node
    let unused: [BlobHandle] = state.withLock(notifying: .none) { state in
      if state.current[node] === content || state.previous[node] === content { return [] }
      state.unused.append(content)
      return state.unused.count < Self.backlogLimit ? [] : state.takeUnused()
    }
    close(unused)
  }

  /// Starts a generation and closes the blobs that were not reopened in the last one.
  func rotate() {
    let unused = state.withLock(notifying: .none) { state in
      state.rotate()
      return state.takeUnused()
    }
    withExtendedLifetime(unused) {}
  }

  private func close(_ unused: [BlobHandle]) {
    if unused.isEmpty { return }
    // If no thread can be started, the descriptors are closed here.
    try? Thread.start("casfs-close") { withExtendedLifetime(unused) {} }
  }
}
