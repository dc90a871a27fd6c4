internal import Glibc
internal import Platform
internal import Synchronization
internal import SystemPackage

/// Threads of which one at a time leads: it takes requests in their order and does the quick ones itself. Before
/// anything that may take long it yields the lead to another, so that a slow request holds up nobody, and a quick one
/// costs no wake-up.
final class Crew: Sendable {
  private struct State {
    var hasLeader = false
    var threads = 0
    var idle = 0
    var hasEnded = false
    var member: (@Sendable () -> Void)?
  }

  /// More threads than this are not started, whatever blocks.
  private static let maximumThreads = 256
  /// Threads without work beyond these end.
  private static let maximumIdle = 3

  private let state = Monitor(State())
  /// The thread that leads; 0 while none does.
  private let leader = Atomic<UInt>(0)

  /// Starts the first thread; each runs `member`, which takes the lead as long as ``takeLead()`` gives it.
  func start(_ member: @escaping @Sendable () -> Void) throws(Errno) {
    state.withLock { state in
      state.member = member
      state.threads += 1
    }
    try startThread(member)
  }

  private func startThread(_ member: @escaping @Sendable () -> Void) throws(Errno) {
    do throws(Errno) {
      try Thread.start("casfs-request") {
        member()
        self.state.withLock { $0.threads -= 1 }
      }
    } catch {
      state.withLock { $0.threads -= 1 }
      throw error
    }
  }

  /// Waits for the lead.
  ///
  /// - Returns: whether this thread has it; else it is to end.
  func takeLead() -> Bool {
    let isSurplus = state.withLock { state in
      if state.hasLeader, state.idle >= Self.maximumIdle { return true }
      state.idle += 1
      return false
    }
    if isSurplus { return false }
    let leads = state.wait(
      until: { !$0.hasLeader || $0.hasEnded },
      then: { state in
        state.idle -= 1
        if state.hasEnded { return false }
        state.hasLeader = true
        return true
      })
    if leads { leader.store(UInt(pthread_self()), ordering: .releasing) }
    return leads
  }

  /// Whether this thread leads.
  var isLeading: Bool { leader.load(ordering: .acquiring) == UInt(pthread_self()) }

  /// Hands the lead on, if this thread has it.
  func yield() {
    guard isLeading else { return }
    leader.store(0, ordering: .releasing)
    let member: (@Sendable () -> Void)? = state.withLock { state in
      state.hasLeader = false
      guard state.idle == 0, state.threads < Self.maximumThreads, !state.hasEnded else { return nil }
      state.threads += 1
      return state.member
    }
    // When no thread can be started, this one takes the lead again after its work.
    if let member { try? startThread(member) }
  }

  /// Lets every thread end after the request it has.
  func end() {
    state.withLock { $0.hasEnded = true }
  }

  /// Whether some thread has a request that it yielded the lead for.
  var isBusy: Bool { state.withLock { $0.threads - $0.idle > ($0.hasLeader ? 1 : 0) } }

  /// Waits until all threads have ended.
  func waitUntilGone() {
    state.wait(until: { $0.hasEnded && $0.threads == 0 }, then: { $0.member = nil })
  }
}
