internal import Platform

/// The commits under way, for those that must see what they make.
final class PendingCommits: Sendable {
  private struct State {
    var next: UInt64 = 0
    var pending: Set<UInt64> = []
  }

  private let state = Monitor(State())

  /// How many there are.
  var pending: Int { state.withLock { $0.pending.count } }

  func begin() -> UInt64 {
    state.withLock { state in
      state.next += 1
      state.pending.insert(state.next)
      return state.next
    }
  }

  func end(_ ticket: UInt64) {
    state.withLock { _ = $0.pending.remove(ticket) }
  }

  /// Waits for those that are under way now; later ones are not waited for, so that it ends.
  ///
  /// - Returns: whether there were any.
  func wait(_ context: RequestContext) -> Bool {
    let limit = state.withLock { $0.pending.isEmpty ? nil : $0.next }
    guard let limit else { return false }
    context.willBlock()
    state.wait(until: { state in !state.pending.contains { $0 <= limit } }, then: { _ in })
    return true
  }

  func waitForAll() {
    state.wait(until: { $0.pending.isEmpty }, then: { _ in })
  }
}
