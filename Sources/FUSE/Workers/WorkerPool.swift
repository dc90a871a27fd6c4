import CASPlatform
import CFUSE
import Glibc
import SystemPackage

/// Threads of which one at a time leads: it takes requests in their order and answers them itself, so that quick ones
/// cost no wake-up. Before anything that takes long it yields the lead to another; from a request that takes long
/// without saying so the lead is taken away. So a slow request holds up nobody.
final class WorkerPool: Sendable {
  private struct State {
    var leader: Worker?
    var threads = 0
    var idle = 0
    var hasEnded = false
    var work: (@Sendable (Worker) -> Void)?
  }

  /// More threads than this are not started, whatever blocks.
  private static let maximumThreads = 256
  /// Threads without work beyond these end.
  private static let maximumIdle = 3

  /// Only threads that want the lead wait here, so it is enough to wake one.
  private let state = Monitor(State())
  private let isGone = Monitor(false)
  private let currentWorker = ThreadLocal<Worker>()
  private let stallMonitor = StallMonitor()

  /// Starts the first thread; each runs `work`, which takes the lead as long as ``becomeLeader(_:)`` gives it.
  ///
  /// - Parameter tidy: called now and then, see ``StallMonitor``.
  func start(
    nowAndThen tidy: @escaping @Sendable () -> Void, _ work: @escaping @Sendable (Worker) -> Void
  ) throws(Errno) {
    try stallMonitor.start(
      observing: { [self] in state.withLock(notifying: .none) { $0.leader } },
      relieving: { [self] (worker, progress) in
        let (isRelieved, caller) = worker.retakeLead(at: progress)
        guard isRelieved else { return }
        handOffLead()
        // Answered meanwhile, it is no longer to be let go.
        caller?.isSlow()
      },
      nowAndThen: tidy)
    state.withLock { state in
      state.work = work
      state.threads += 1
    }
    try startThread(work)
  }

  private func startThread(_ work: @escaping @Sendable (Worker) -> Void) throws(Errno) {
    do throws(Errno) {
      try Thread.start("casfs-request") { [self] in
        let worker = Worker()
        currentWorker.withValue(worker) { work(worker) }
        leave()
      }
    } catch {
      leave()
      throw error
    }
  }

  private func leave() {
    let isLast = state.withLock { state in
      state.threads -= 1
      return state.hasEnded && state.threads == 0
    }
    if isLast { isGone.withLock { $0 = true } }
  }

  /// Waits for the lead.
  ///
  /// - Returns: whether this thread has it; else it is to end.
  func becomeLeader(_ worker: Worker) -> Bool {
    let isSurplus = state.withLock(notifying: .none) { state in
      if state.leader != nil, state.idle >= Self.maximumIdle { return true }
      state.idle += 1
      return false
    }
    if isSurplus { return false }
    return state.wait(
      until: { $0.leader == nil || $0.hasEnded }, notifying: .none,
      then: { state in
        state.idle -= 1
        if state.hasEnded { return false }
        state.leader = worker
        worker.lead()
        return true
      })
  }

  /// Notes that the leader begins to answer a request.
  ///
  /// - Parameter keepsLead: whether the lead is not taken away, however long it takes, until it is yielded.
  func begin(_ worker: Worker, keepingLead keepsLead: Bool) {
    if !keepsLead { worker.begin() }
    stallMonitor.notice()
  }

  /// Notes whose request this thread begins to answer: as long as it leads, it needs nothing new for that.
  func serve(_ request: fuse_req_t, thread: Int32, _ policy: InterruptPolicy, _ interruptTable: InterruptTable)
    -> RequestHooks
  {
    func make() -> RequestHooks {
      let caller = unsafe PendingRequest(request, thread: thread, policy, interruptTable)
      return RequestHooks(caller: caller) { [self] in
        caller.willWait()
        promoteFollower()
      }
    }
    return unsafe currentWorker.value?.serve(request, thread: thread, policy, make) ?? make()
  }

  /// Hands the lead on, if this thread has it.
  func promoteFollower() {
    if currentWorker.value?.giveUpLead() == true { handOffLead() }
  }

  private func handOffLead() {
    let work: (@Sendable (Worker) -> Void)? = state.withLock(notifying: .one) { state in
      state.leader = nil
      guard state.idle == 0, state.threads < Self.maximumThreads, !state.hasEnded else { return nil }
      state.threads += 1
      return state.work
    }
    // When no thread can be started, one that is done with its request takes the lead.
    if let work { try? startThread(work) }
  }

  /// Lets every thread end after the request it has.
  func end() {
    state.withLock { $0.hasEnded = true }
  }

  /// Whether some thread has a request that it gave the lead up for.
  var isBusy: Bool { state.withLock(notifying: .none) { $0.threads - $0.idle > ($0.leader == nil ? 0 : 1) } }

  /// Waits until all threads have ended.
  func waitUntilGone() {
    isGone.wait(until: { $0 }, then: { _ in })
    stallMonitor.end()
    state.withLock { $0.work = nil }
  }
}
