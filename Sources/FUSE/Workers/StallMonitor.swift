import CASPlatform
import Synchronization
import SystemPackage

/// A thread that watches how long the leader of a crew takes for a request, while there are any.
final class StallMonitor: Sendable {
  private struct State {
    var isRung = false
    var hasEnded = false
    /// How often to tidy up.
    var turns = 0
  }

  /// A request that takes longer than this is a slow one.
  private static let period = Duration.milliseconds(2)
  /// After how many periods others may let go of what nobody uses any more.
  private static let turnPeriod = 250
  /// For how many periods without a request it looks before it sleeps.
  private static let quietPeriods = 50

  private let state = Monitor(State())
  private let isAsleep = Atomic(true)

  /// Starts the thread.
  ///
  /// - Parameter relieve: takes the lead from a member that is still at this point of its progress.
  /// - Parameter tidy: called now and then while there are requests, and twice when there are none any more.
  func start(
    observing leader: @escaping @Sendable () -> Worker?,
    relieving relieve: @escaping @Sendable (Worker, UInt64) -> Void, nowAndThen tidy: @escaping @Sendable () -> Void
  ) throws(Errno) {
    try Thread.start("casfs-lookout") { [self] in
      while waitForRing() {
        watch(leader, relieve)
        // Nothing is used now.
        turn(2)
      }
    }
    // To close a file may take for ever, and must not keep anyone from looking out.
    try Thread.start("casfs-tidy") { [self] in
      while waitForTurn() { tidy() }
    }
  }

  private func turn(_ count: Int) {
    state.withLock { $0.turns = max($0.turns, count) }
  }

  private func waitForTurn() -> Bool {
    state.wait(
      until: { $0.turns > 0 || $0.hasEnded },
      then: { state in
        state.turns -= 1
        return !state.hasEnded
      })
  }

  /// Is told of every request when it begins.
  func notice() {
    guard isAsleep.load(ordering: .sequentiallyConsistent) else { return }
    state.withLock { $0.isRung = true }
  }

  /// Lets the thread end.
  func end() {
    state.withLock { $0.hasEnded = true }
  }

  private func waitForRing() -> Bool {
    state.wait(
      until: { $0.isRung || $0.hasEnded },
      then: { state in
        state.isRung = false
        return !state.hasEnded
      })
  }

  private func watch(_ leader: () -> Worker?, _ relieve: (Worker, UInt64) -> Void) {
    isAsleep.store(false, ordering: .sequentiallyConsistent)
    var before: (worker: Worker, progress: UInt64)?
    var quiet = 0
    var periods = 0
    while !state.withLock(notifying: .none, { $0.hasEnded }) {
      Thread.sleep(for: Self.period)
      periods += 1
      if periods.isMultiple(of: Self.turnPeriod) { turn(1) }
      let now = leader().map { (worker: $0, progress: $0.progress) }
      let isSame = now?.worker === before?.worker && now?.progress == before?.progress
      if isSame, let now, Worker.isAnswering(now.progress) { relieve(now.worker, now.progress) }
      quiet = isSame ? quiet + 1 : 0
      before = now
      guard quiet >= Self.quietPeriods else { continue }
      isAsleep.store(true, ordering: .sequentiallyConsistent)
      // A request that began before it slept has told nobody.
      if let before, before.worker.progress == before.progress { return }
      isAsleep.store(false, ordering: .sequentiallyConsistent)
    }
  }
}
