import CASPlatform
import OCI

/// Blobs that were open a moment ago, kept open for who opens them next: short files are opened again and again.
///
/// To close a file may take long, on a slow disk or of one in many pieces, so nobody who is to answer others does it.
final class OpenBlobCache: Sendable {
  private struct State {
    var current: [NodeID: BlobHandle] = [:]
    var previous: [NodeID: BlobHandle] = [:]
    /// What nobody has open any more and nobody asked for lately.
    var unused: [BlobHandle] = []

    mutating func rotate() {
      unused += previous.values
      (previous, current) = (current, [:])
    }

    /// Takes out what is unused.
    mutating func takeUnused() -> [BlobHandle] {
      defer { unused = [] }
      return unused
    }
  }

  /// So many may be left to be closed when there is time.
  private static let backlogLimit = 64

  /// When so many were opened since the last turn, those that were not are let go of.
  private let limit: Int
  private let state = Monitor(State())

  init(limit: Int) {
    self.limit = limit
  }

  /// The blob that was opened as a node lately, if its file is still as it was then; it is kept open for longer.
  func content(of node: NodeID, _ digest: Digest, version: UInt64) -> BlobHandle? {
    let (content, isOld): (BlobHandle?, Bool) = state.withLock(notifying: .none) { state in
      if let content = state.current[node] { return (content, false) }
      return (state.previous[node], true)
    }
    guard let content, content.digest == digest, content.isCurrent(version) else { return nil }
    if isOld { keep(content) }
    return content
  }

  /// Keeps a blob open.
  func keep(_ content: BlobHandle) {
    let unused: [BlobHandle] = state.withLock(notifying: .none) { state in
      if state.current.count >= limit { state.rotate() }
      // Whoever has the other open brings it back.
      state.current[content.node] = content
      return state.unused.count < Self.backlogLimit ? [] : state.takeUnused()
    }
    close(unused)
  }

  /// Takes a blob from somebody who had it open.
  func didRelease(_ content: BlobHandle) {
    let node = content.node
    let unused: [BlobHandle] = state.withLock(notifying: .none) { state in
      if state.current[node] === content || state.previous[node] === content { return [] }
      state.unused.append(content)
      return state.unused.count < Self.backlogLimit ? [] : state.takeUnused()
    }
    close(unused)
  }

  /// Lets go of those that were not opened since the last time this was called.
  func rotate() {
    let unused = state.withLock(notifying: .none) { state in
      state.rotate()
      return state.takeUnused()
    }
    withExtendedLifetime(unused) {}
  }

  private func close(_ unused: [BlobHandle]) {
    if unused.isEmpty { return }
    // Without a thread it is done here.
    try? Thread.start("casfs-close") { withExtendedLifetime(unused) {} }
  }
}
