import CASPlatform
import Synchronization
import SystemPackage

/// A thread that retakes the lead from a worker that stalls in a request, as Go's `sysmon` retakes a processor from a
/// thread in a system call. It sleeps while there are no requests.
final class StallMonitor: Sendable {
  private struct State {
    var hasRequest = false
    var hasEnded = false
  }

  /// The interval between two looks. A request that lasts from one to the next has stalled.
  private static let period = Duration.milliseconds(2)
  /// The number of periods between two cache trims.
  private static let trimPeriods = 250
  /// The number of periods without a request after which the thread sleeps.
  private static let quietPeriods = 50

  private let reaper: IdleReaper
  private let state = Monitor(State())
  private let isAsleep = Atomic(true)

  /// - Parameter reaper: trims caches from time to time while there are requests. Two passes follow the last request,
  ///   which evict all that is unused.
  init(_ reaper: IdleReaper) {
    self.reaper = reaper
  }

  /// Starts the thread.
  ///
  /// - Parameter leader: returns the worker that leads.
  /// - Parameter retakeLead: takes the lead from a worker if its progress is still the given one.
  func start(
    observing leader: @escaping @Sendable () -> Worker?,
    retakingLead retakeLead: @escaping @Sendable (Worker, UInt64) -> Void
  ) throws(Errno) {
    try Thread.start("casfs-stall") { [self] in
      while waitForRequest() {
        watch(leader, retakeLead)
        reaper.schedule(passes: 2)
      }
    }
  }

  /// Wakes the thread if it sleeps. Called as each request begins.
  func requestDidBegin() {
    guard isAsleep.load(ordering: .sequentiallyConsistent) else { return }
    state.withLock { $0.hasRequest = true }
  }

  /// Ends the thread.
  func end() {
    state.withLock { $0.hasEnded = true }
  }

  private func waitForRequest() -> Bool {
    state.wait(
      until: { $0.hasRequest || $0.hasEnded },
      then: { state in
        state.hasRequest = false
        return !state.hasEnded
      })
  }

  private func watch(_ leader: () -> Worker?, _ retakeLead: (Worker, UInt64) -> Void) {
    isAsleep.store(false, ordering: .sequentiallyConsistent)
    var last: (worker: Worker, progress: UInt64)?
    var quietPeriods = 0
    var periods = 0
    while !state.withLock(notifying: .none, { $0.hasEnded }) {
      Thread.sleep(for: Self.period)
      periods += 1
      if periods.isMultiple(of: Self.trimPeriods) { reaper.schedule(passes: 1) }
      let now = leader().map { (worker: $0, progress: $0.progress) }
      let isSame = now?.worker === last?.worker && now?.progress == last?.progress
      if isSame, let now, Worker.isAnswering(now.progress) { retakeLead(now.worker, now.progress) }
      quietPeriods = isSame ? quietPeriods + 1 : 0
      last = now
      guard quietPeriods >= Self.quietPeriods else { continue }
      isAsleep.store(true, ordering: .sequentiallyConsistent)
      // A request that began before this store has not woken the thread.
      if let last, last.worker.progress == last.progress { return }
      isAsleep.store(false, ordering: .sequentiallyConsistent)
    }
  }
}
