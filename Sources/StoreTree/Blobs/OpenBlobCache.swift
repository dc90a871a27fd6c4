import CAS
import CASPlatform
import OCI

/// Recently closed blobs, kept open because short files are often reopened. Two generations; a blob that is not reopened
/// within one is dropped at the next rotation. Descriptors are closed on another thread, since `close(2)` can block.
final class OpenBlobCache: Sendable {
  private struct State {
    var open: GenerationalMap<NodeID, BlobHandle>
    /// Dropped and released blobs that are not closed yet.
    var unused: [BlobHandle] = []

    mutating func takeUnused() -> [BlobHandle] {
      defer { unused = [] }
      return unused
    }
  }

  /// The number of unused blobs that may wait for the next rotation before they are closed.
  private static let backlogLimit = 64

  private let state: Monitor<State>

  private let registration: CachedDescriptors.Registration

  /// - Parameter limit: the number of blobs in a generation.
  init(limit: Int) {
    let state = Monitor(State(open: GenerationalMap(generationSize: limit)))
    self.state = state
    // Cached open blobs must not take the descriptors that an operation needs. Two rotations drop all of them.
    registration = CachedDescriptors.register {
      Self.rotate(state)
      Self.rotate(state)
    }
  }

  deinit {
    CachedDescriptors.remove(registration)
  }

  /// Returns the open blob of a node if its file is unchanged, and keeps it open for another generation.
  func content(of node: NodeID, _ digest: Digest, version: UInt64) -> BlobHandle? {
    let (content, isOld) = state.withLock(notifying: .none) { ($0.open[node], $0.open.isOld(node)) }
    guard let content, content.digest == digest, content.isCurrent(version) else { return nil }
    if isOld { keep(content) }
    return content
  }

  /// Adds a blob to the current generation.
  func keep(_ content: BlobHandle) {
    let unused: [BlobHandle] = state.withLock(notifying: .none) { state in
      // A handle of the same node that this one replaces is released by its own users.
      state.unused += state.open.insert(content, for: content.node)
      return state.unused.count < Self.backlogLimit ? [] : state.takeUnused()
    }
    close(unused)
  }

  /// Accepts a blob whose last user closed it.
  func didRelease(_ content: BlobHandle) {
    let unused: [BlobHandle] = state.withLock(notifying: .none) { state in
      if state.open[content.node] === content { return [] }
      state.unused.append(content)
      return state.unused.count < Self.backlogLimit ? [] : state.takeUnused()
    }
    close(unused)
  }

  /// Closes the blobs that were not reopened since the last call.
  func rotate() {
    Self.rotate(state)
  }

  private static func rotate(_ state: Monitor<State>) {
    let unused = state.withLock(notifying: .none) { state in
      state.unused += state.open.rotate()
      return state.takeUnused()
    }
    withExtendedLifetime(unused) {}
  }

  private func close(_ unused: [BlobHandle]) {
    if unused.isEmpty { return }
    // If no thread can be started, they are closed here.
    try? Thread.start("casfs-close") { withExtendedLifetime(unused) {} }
  }
}
