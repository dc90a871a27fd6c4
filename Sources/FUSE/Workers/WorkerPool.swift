import CASPlatform
import CFUSE
import Glibc
import SystemPackage

/// A leader/followers thread pool. One thread, the leader, reads requests and answers them inline, so a fast request costs
/// no wake-up. A thread that is about to block first promotes a follower; ``StallMonitor`` does it for one that blocks
/// without notice. A blocked request does not delay others while fewer than `threadLimit` requests block.
final class WorkerPool: Sendable {
  private struct State {
    var leader: Worker?
    var threads = 0
    var followers = 0
    var hasEnded = false
    var work: (@Sendable (Worker) -> Void)?
  }

  private let threadLimit: Int
  private let followerLimit: Int
  /// Only followers wait here, so waking one is enough.
  private let state = Monitor(State())
  private let isEmpty = Monitor(false)
  private let currentWorker = ThreadLocal<Worker>()
  private let stallMonitor: StallMonitor
  private let reaper = IdleReaper()

  /// - Parameter threadLimit: the most threads, even if all of them block.
  /// - Parameter followerLimit: the most threads that wait for the lead; others end.
  init(threadLimit: Int = 256, followerLimit: Int = 3) {
    self.threadLimit = threadLimit
    self.followerLimit = followerLimit
    stallMonitor = StallMonitor(reaper)
  }

  /// Starts the first thread.
  ///
  /// - Parameter trim: trims caches, see ``IdleReaper``.
  /// - Parameter work: runs on each thread; it reads requests while ``becomeLeader(_:)`` and ``Worker/isLeading`` hold.
  func start(
    trimming trim: @escaping @Sendable () -> Bool, _ work: @escaping @Sendable (Worker) -> Void
  ) throws(Errno) {
    try reaper.start(trim)
    try stallMonitor.start(
      observing: { [self] in state.withLock(notifying: .none) { $0.leader } },
      retakingLead: { [self] (worker, progress) in
        let (isRetaken, request) = worker.retakeLead(ifStillAt: progress)
        guard isRetaken else { return }
        handOffLead()
        request?.didStall()
      })
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
        threadDidEnd()
      }
    } catch {
      threadDidEnd()
      throw error
    }
  }

  private func threadDidEnd() {
    let isLast = state.withLock { state in
      state.threads -= 1
      return state.hasEnded && state.threads == 0
    }
    if isLast { isEmpty.withLock { $0 = true } }
  }

  /// Waits until a worker can lead.
  ///
  /// - Returns: whether it leads; if not, its thread must end.
  func becomeLeader(_ worker: Worker) -> Bool {
    let isSurplus = state.withLock(notifying: .none) { state in
      // While there is no leader, one of the followers is about to lead.
      if state.followers >= followerLimit + (state.leader == nil ? 1 : 0) { return true }
      state.followers += 1
      return false
    }
    if isSurplus { return false }
    return state.wait(
      until: { $0.leader == nil || $0.hasEnded }, notifying: .none,
      then: { state in
        state.followers -= 1
        if state.hasEnded { return false }
        state.leader = worker
        worker.startLeading()
        return true
      })
  }

  /// Notes that the leader begins a request.
  ///
  /// - Parameter keepsLead: whether the leader stays even if it stalls, until it promotes a follower itself.
  func beginRequest(_ worker: Worker, keepsLead: Bool) {
    if !keepsLead { worker.beginRequest() }
    stallMonitor.requestDidBegin()
  }

  /// The hooks of a request that this thread begins to answer. The leader reuses one allocation for all its requests.
  func hooks(
    for request: fuse_req_t, thread: Int32, _ policy: InterruptPolicy, _ interruptTable: InterruptTable
  ) -> RequestHooks {
    func make() -> RequestHooks {
      let request = unsafe PendingRequest(request, thread: thread, policy, interruptTable)
      return RequestHooks(request: request) { [self] in
        request.willBlock()
        promoteFollower()
      }
    }
    return unsafe currentWorker.value?.hooks(for: request, thread: thread, policy, make) ?? make()
  }

  /// The `unique` of the request that this thread answers; 0 on other threads.
  var currentRequest: UInt64 { currentWorker.value?.unique ?? 0 }

  /// Hands the lead of this thread to a follower, or to a new thread if there is no follower.
  func promoteFollower() {
    if currentWorker.value?.giveUpLead() == true { handOffLead() }
  }

  private func handOffLead() {
    let work: (@Sendable (Worker) -> Void)? = state.withLock(notifying: .one) { state in
      state.leader = nil
      guard state.followers == 0, state.threads < threadLimit, !state.hasEnded else { return nil }
      state.threads += 1
      return state.work
    }
    // If no thread can be started, the first thread that finishes its request leads.
    if let work { try? startThread(work) }
  }

  /// Ends each thread after its current request.
  func end() {
    state.withLock { $0.hasEnded = true }
  }

  /// Whether a thread other than the leader answers a request.
  var isBusy: Bool { state.withLock(notifying: .none) { $0.threads - $0.followers > ($0.leader == nil ? 0 : 1) } }

  /// Waits until all threads have ended, after ``end()``.
  func waitUntilEnded() {
    isEmpty.wait(until: { $0 }, then: { _ in })
    stallMonitor.end()
    reaper.end()
    // Breaks the cycle through the session.
    state.withLock { $0.work = nil }
  }
}
