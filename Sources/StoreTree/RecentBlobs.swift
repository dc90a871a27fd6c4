internal import OCI
internal import Platform

/// Blobs that were open a moment ago, kept open for who opens them next: short files are opened again and again.
final class RecentBlobs: Sendable {
  private struct State {
    var current: [NodeID: BlobContent] = [:]
    var previous: [NodeID: BlobContent] = [:]

    /// - Returns: what nobody asked for; letting go of it closes files, which may take long.
    mutating func turn() -> [NodeID: BlobContent] {
      defer { (previous, current) = (current, [:]) }
      return previous
    }
  }

  /// When so many were opened since the last turn, those that were not are let go of.
  private let limit: Int
  private let state = Monitor(State())

  init(limit: Int) {
    self.limit = limit
  }

  /// The blob that was opened as a node lately, if its file is still as it was then; it is kept open for longer.
  func content(of node: NodeID, _ digest: Digest, version: UInt64) -> BlobContent? {
    let (content, isOld): (BlobContent?, Bool) = state.withLock(waking: .none) { state in
      if let content = state.current[node] { return (content, false) }
      return (state.previous[node], true)
    }
    guard let content, content.digest == digest, content.isStill(version) else { return nil }
    if isOld { keep(content, as: node) }
    return content
  }

  /// Keeps a blob open.
  func keep(_ content: BlobContent, as node: NodeID) {
    let unused = state.withLock(waking: .none) { state in
      defer { state.current[node] = content }
      return state.current.count >= limit ? state.turn() : [:]
    }
    withExtendedLifetime(unused) {}
  }

  /// Lets go of those that were not opened since the last time this was called.
  func turn() {
    let unused = state.withLock(waking: .none) { $0.turn() }
    withExtendedLifetime(unused) {}
  }
}
