import CAS
import CASPlatform
import SystemPackage

/// The commits under way, for those that must see what they make.
final class PendingCommits: Sendable {
  private struct State {
    var next: UInt64 = 0
    var pending: Set<UInt64> = []
  }

  /// How long others wait for a commit that does not end: what is stuck below the store must not stop everything.
  private let timeout: Duration
  private let state = Monitor(State())

  init(timeout: Duration) {
    self.timeout = timeout
  }

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

  /// Waits for those that are under way now; later ones are not waited for, so that it ends. One that is stuck is not
  /// waited for longer than ``timeout``.
  ///
  /// - Returns: whether there were any.
  /// - Throws: EINTR when the caller is let go.
  @discardableResult
  func wait(_ context: RequestContext) throws(Errno) -> Bool {
    let limit = state.withLock { $0.pending.isEmpty ? nil : $0.next }
    guard let limit else { return false }
    try wait(for: state, until: { state in !state.pending.contains { $0 <= limit } }, context)
    return true
  }

  /// Waits until the state of something that is committed is such, at most as long as ``timeout``.
  ///
  /// - Throws: EINTR when the caller is let go.
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
