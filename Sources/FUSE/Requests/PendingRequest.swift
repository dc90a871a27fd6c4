import CAS
import CASPlatform
import CFUSE
import Glibc
import Synchronization

/// When the caller of a request is let go although the request is not done.
enum InterruptPolicy: Sendable {
  /// At any signal but those that come all the time. A retry finds what was found out meanwhile.
  case anySignal
  /// When a signal ends the caller, for whom it makes no difference then; what the request changes may still change.
  case fatalSignal
  /// The same, but not before the request says that it takes long: until then it looks at its caller.
  case fatalSignalWhileBlocked
}

/// Who waits for the answer to one request, and may be answered before it is done: EINTR.
///
/// It is used again for the next request as long as that is quick, for then nobody else has known of it.
@safe
final class PendingRequest: @unchecked Sendable {
  /// Valid until the request is answered.
  private(set) var request: fuse_req_t
  private var thread: Int32
  private var policy: InterruptPolicy
  /// Cancelled when the caller is let go.
  let cancellation = CancellationToken()
  private let interruptTable: InterruptTable
  private let state = Atomic(State.quick)
  private let id = Atomic<UInt>(0)

  private enum State: UInt8, AtomicRepresentable {
    /// Nobody but who serves the request knows of it.
    case quick
    /// A thread is about to make it one that takes long.
    case changing
    case slow
    /// Somebody has the right to answer.
    case claimed
  }

  init(_ request: fuse_req_t, thread: Int32, _ policy: InterruptPolicy, _ interruptTable: InterruptTable) {
    unsafe self.request = request
    self.thread = thread
    self.policy = policy
    self.interruptTable = interruptTable
  }

  /// Is the caller of another request from now on.
  func begin(_ request: fuse_req_t, thread: Int32, _ policy: InterruptPolicy) {
    unsafe self.request = request
    self.thread = thread
    self.policy = policy
    state.store(.quick, ordering: .relaxed)
  }

  /// Notes that the request may take long: from now on the caller can be let go.
  func willWait() {
    guard change(from: .quick, to: .changing) else { return }
    let number = interruptTable.insert(self)
    id.store(number, ordering: .relaxed)
    // When a signal came before, this lets the caller go at once.
    interruptTable.watch(number)
    state.store(.slow, ordering: .releasing)
  }

  /// Notes, from another thread, that the request does take long.
  func isSlow() {
    if policy != .fatalSignalWhileBlocked { willWait() }
  }

  /// Whether a signal waits for the caller that lets it go.
  var isCalledAway: Bool {
    switch policy {
    case .anySignal: PendingSignals.hasInterruptingSignal(thread: thread)
    case .fatalSignal, .fatalSignalWhileBlocked: PendingSignals.hasFatalSignal(thread: thread)
    }
  }

  /// Gets the right to answer, which is given once.
  ///
  /// - Returns: whether it was there; else the caller was answered or let go.
  func claim() -> Bool {
    if change(from: .quick, to: .claimed) { return true }
    guard change(from: .slow, to: .claimed) else { return false }
    return interruptTable.remove(id.load(ordering: .relaxed))
  }

  /// Changes the state, unless it is another one; waits for a thread that is changing it.
  private func change(from old: State, to new: State) -> Bool {
    while true {
      let (isDone, found) = state.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing)
      if isDone { return true }
      guard found == .changing else { return false }
      sched_yield()
    }
  }
}
