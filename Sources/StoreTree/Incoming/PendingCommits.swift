import CAS
import CASPlatform
import SystemPackage

/// The commits under way, for requests that must see their results.
final class PendingCommits: Sendable {
  private struct State {
    var next: UInt64 = 0
    var pending: Set<UInt64> = []
  }

  /// How long a request waits for a stuck commit: a failure below the store must not stop the whole mount.
  private let timeout: Duration
  private let state = Monitor(State())

  init(timeout: Duration) {
    self.timeout = timeout
  }

  /// How many commits are under way.
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

  /// Waits for the commits that are under way now, and for none that begins later.
  ///
  /// - Returns: whether there were any.
  /// - Throws: EINTR when the caller is interrupted.
  @discardableResult
  func wait(_ context: RequestContext) throws(Errno) -> Bool {
    let limit = state.withLock { $0.pending.isEmpty ? nil : $0.next }
    guard let limit else { return false }
    try wait(for: state, until: { state in !state.pending.contains { $0 <= limit } }, context)
    return true
  }

  /// Waits for a condition that a commit brings about, at most as long as ``timeout``.
  ///
  /// - Throws: EINTR when the caller is interrupted.
  func wait<State>(
    for monitor: Monitor<State>, until condition: (State) -> Bool, _ context: RequestContext
  ) throws(Errno) {
    context.willBlock()
    let end = ContinuousClock.now + timeout
    let isGivenUp = { context.cancellation.isCancelled || ContinuousClock.now > end }
    let arrived: Void? = monitor.wait(until: condition, unless: isGivenUp, then: { _ in })
    if arrived == nil, context.cancellation.isCancelled { throw .interrupted }
  }

  func waitForAll() {
    state.wait(until: { $0.pending.isEmpty }, then: { _ in })
  }
}
