internal import CAS
internal import CFUSE
internal import Glibc
internal import Platform
internal import Synchronization

/// When the caller of a request is let go although the request is not done.
enum Patience: Sendable {
  /// At any signal but those that come all the time. A retry finds what was found out meanwhile.
  case untilSignal
  /// When a signal ends the caller, for whom it makes no difference then; what the request changes may still change.
  case untilKilled
  /// The same, but not before the request says that it takes long: until then it looks at its caller.
  case untilKilledWhileWaiting
}

/// Who waits for the answer to one request, and may be answered before it is done: EINTR.
@safe
final class Caller: @unchecked Sendable {
  /// Valid until the request is answered.
  fileprivate let request: fuse_req_t
  private let thread: Int32
  private let patience: Patience
  /// Cancelled when the caller is let go.
  let cancellation = CancellationToken()
  private let interrupts: Interrupts
  private let state = Atomic(State.quick)
  private let ticket = Atomic<UInt>(0)

  private enum State: UInt8, AtomicRepresentable {
    /// Nobody but who serves the request knows of it.
    case quick
    /// A thread is about to make it one that takes long.
    case changing
    case slow
    /// Somebody has the right to answer.
    case claimed
  }

  init(_ request: fuse_req_t, thread: Int32, _ patience: Patience, _ interrupts: Interrupts) {
    unsafe self.request = request
    self.thread = thread
    self.patience = patience
    self.interrupts = interrupts
  }

  /// Notes that the request may take long: from now on the caller can be let go.
  func willWait() {
    guard change(from: .quick, to: .changing) else { return }
    let number = interrupts.admit(self)
    ticket.store(number, ordering: .relaxed)
    // When a signal came before, this lets the caller go at once.
    interrupts.watch(number)
    state.store(.slow, ordering: .releasing)
  }

  /// Notes, from another thread, that the request does take long.
  func isSlow() {
    if patience != .untilKilledWhileWaiting { willWait() }
  }

  /// Whether a signal waits for the caller that lets it go.
  fileprivate var isCalledAway: Bool {
    switch patience {
    case .untilSignal: PendingSignals.callsAway(thread: thread)
    case .untilKilled, .untilKilledWhileWaiting: PendingSignals.willEnd(thread: thread)
    }
  }

  /// Gets the right to answer, which is given once.
  ///
  /// - Returns: whether it was there; else the caller was answered or let go.
  func claim() -> Bool {
    if change(from: .quick, to: .claimed) { return true }
    guard change(from: .slow, to: .claimed) else { return false }
    return interrupts.dismiss(ticket.load(ordering: .relaxed))
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

/// The callers of requests that take long. What wakes them comes as a request of its own: `FUSE_INTERRUPT`.
final class Interrupts: Sendable {
  private struct Entry {
    var caller: Caller
    /// Whether libfuse was told to tell of signals, and has done so if one came before.
    var isWatched = false
    var hasSignal = false
  }

  private struct State {
    var last: UInt = 0
    var entries: [UInt: Entry] = [:]
    /// Whether a thread looks after those that a signal came for and did not end.
    var isLooking = false
  }

  /// How often it is looked whether another signal lets a caller go, for the kernel tells of the first only, in
  /// milliseconds.
  private static let period: UInt32 = 50

  private let state = Monitor(State())

  /// Takes a caller in.
  ///
  /// - Returns: a number that no other caller has had.
  fileprivate func admit(_ caller: Caller) -> UInt {
    state.withLock(waking: .none) { state in
      state.last += 1
      state.entries[state.last] = Entry(caller: caller)
      return state.last
    }
  }

  /// Lets libfuse tell of signals: `fuse_req_interrupt_func`, which tells at once of one that came before.
  fileprivate func watch(_ ticket: UInt) {
    guard let caller = state.withLock(waking: .none, { $0.entries[ticket]?.caller }) else { return }
    // The number and not the caller, for libfuse may use it when the request is answered and forgotten.
    unsafe fuse_req_interrupt_func(
      caller.request,
      { (request, data) in
        guard let request = unsafe request, let user = unsafe fuse_req_userdata(request) else { return }
        unsafe Dispatcher.of(user).interrupts.signalled(UInt(bitPattern: data))
      }, UnsafeMutableRawPointer(bitPattern: ticket))
    let hasSignal = state.withLock(waking: .none) { state in
      state.entries[ticket]?.isWatched = true
      return state.entries[ticket]?.hasSignal ?? false
    }
    if hasSignal { letGo(ticket) }
  }

  /// Takes a caller out.
  ///
  /// - Returns: whether it was still there.
  fileprivate func dismiss(_ ticket: UInt) -> Bool {
    state.withLock(waking: .none) { $0.entries.removeValue(forKey: ticket) } != nil
  }

  private func signalled(_ ticket: UInt) {
    let isWatched = state.withLock(waking: .none) { state in
      state.entries[ticket]?.hasSignal = true
      // While it is not, libfuse holds a lock of the request.
      return state.entries[ticket]?.isWatched ?? false
    }
    if isWatched { letGo(ticket) }
  }

  private func letGo(_ ticket: UInt) {
    guard let caller = state.withLock(waking: .none, { $0.entries[ticket]?.caller }) else { return }
    guard caller.isCalledAway else { return look() }
    guard dismiss(ticket) else { return }
    caller.cancellation.cancel()
    _ = unsafe fuse_reply_err(caller.request, EINTR)
  }

  private func look() {
    let begins = state.withLock(waking: .none) { state in
      defer { state.isLooking = true }
      return !state.isLooking
    }
    // Without a thread it is as if no other signal came.
    if begins, (try? Thread.start("casfs-signals", { self.lookOn() })) == nil {
      state.withLock(waking: .none) { $0.isLooking = false }
    }
  }

  private func lookOn() {
    while true {
      Thread.sleep(milliseconds: Self.period)
      let waiting: [UInt] = state.withLock(waking: .none) { state in
        let waiting = state.entries.filter { $0.value.hasSignal && $0.value.isWatched }.map(\.key)
        state.isLooking = !waiting.isEmpty
        return waiting
      }
      if waiting.isEmpty { return }
      for ticket in waiting { letGo(ticket) }
    }
  }
}
