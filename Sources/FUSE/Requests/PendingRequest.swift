import CAS
import CFUSE
import Glibc
import Synchronization

/// Which signals interrupt a request.
enum InterruptPolicy: Sendable {
  /// All but routine ones (SIGCHLD, SIGWINCH …). The operation can be retried.
  case anySignal
  /// Only one that terminates the caller. The operation still completes.
  case fatalSignal
  /// The same, but only after the request announced that it blocks: until then it examines the caller.
  case fatalSignalWhileBlocked
}

/// A request without a reply yet; if interrupted it is replied to early with EINTR. Reused for the next request while it
/// stays fast, because until then no other thread can hold a reference.
@safe
final class PendingRequest: @unchecked Sendable {
  private enum State: UInt8, AtomicRepresentable {
    /// Only the thread that answers the request uses this.
    case fast
    /// A thread is putting this into the interrupt table.
    case registering
    /// A signal can interrupt the request.
    case interruptible
    /// A thread has claimed the reply.
    case claimed
  }

  /// Valid until the reply.
  private(set) var request: fuse_req_t
  /// The caller's thread id; 0 if the caller is in another pid namespace.
  private(set) var thread: Int32
  private(set) var policy: InterruptPolicy
  /// Cancelled when the request is interrupted.
  let cancellation = CancellationToken()
  private let interruptTable: InterruptTable
  private let state = Atomic(State.fast)
  /// The key in the interrupt table.
  private let id = Atomic<UInt>(0)

  init(_ request: fuse_req_t, thread: Int32, _ policy: InterruptPolicy, _ interruptTable: InterruptTable) {
    unsafe self.request = request
    self.thread = thread
    self.policy = policy
    self.interruptTable = interruptTable
  }

  /// Reuses this for another request.
  func begin(_ request: fuse_req_t, thread: Int32, _ policy: InterruptPolicy) {
    unsafe self.request = request
    self.thread = thread
    self.policy = policy
    state.store(.fast, ordering: .relaxed)
  }

  /// Makes the request interruptible, before its thread blocks. A signal that came earlier interrupts it immediately.
  func willBlock() {
    guard change(from: .fast, to: .registering) else { return }
    let id = interruptTable.insert(self)
    self.id.store(id, ordering: .relaxed)
    interruptTable.observe(id)
    state.store(.interruptible, ordering: .releasing)
  }

  /// Makes the request interruptible from another thread, because it has stalled.
  func didStall() {
    if policy != .fatalSignalWhileBlocked { willBlock() }
  }

  /// Claims the reply, which succeeds once.
  ///
  /// - Returns: `false` if the request has been replied to or interrupted.
  func claim() -> Bool {
    if change(from: .fast, to: .claimed) { return true }
    guard change(from: .interruptible, to: .claimed) else { return false }
    return interruptTable.remove(id.load(ordering: .relaxed))
  }

  /// Changes the state if it is `old`; waits for a thread that is registering.
  private func change(from old: State, to new: State) -> Bool {
    while true {
      let (isChanged, actual) = state.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing)
      if isChanged { return true }
      guard actual == .registering else { return false }
      sched_yield()
    }
  }
}
