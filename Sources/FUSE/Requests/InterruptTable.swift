import CAS
import CASPlatform
import CFUSE
import Glibc

/// The requests that a signal can interrupt. The kernel reports a signal with a request of its own, FUSE_INTERRUPT.
final class InterruptTable: Sendable {
  private struct Entry {
    var request: PendingRequest
    /// Whether libfuse reports signals; it has then reported one that came before.
    var isObserved = false
    var hasSignal = false
  }

  private struct State {
    var lastID: UInt = 0
    var entries: [UInt: Entry] = [:]
    /// Whether a thread polls the callers of entries with a signal that did not interrupt them.
    var isPolling = false
  }

  /// The calls to libfuse and to `/proc`, which tests replace.
  @safe
  struct Hooks: Sendable {
    /// Calls ``InterruptTable/didSignal(_:)`` at a FUSE_INTERRUPT of the request, immediately if it came before.
    let observe: @Sendable (fuse_req_t, UInt) -> Void
    /// Replies with an errno.
    let reply: @Sendable (fuse_req_t, Int32) -> Void
    /// Whether a signal of the policy is pending for a thread.
    let hasSignal: @Sendable (InterruptPolicy, _ thread: Int32) -> Bool
  }

  /// The interval at which callers are polled: the kernel reports only the first signal.
  private static let period = Duration.milliseconds(50)

  private let hooks: Hooks
  private let state = Monitor(State())

  init(_ hooks: Hooks = .libfuse) {
    self.hooks = hooks
  }

  /// Adds a request.
  ///
  /// - Returns: a key that no other request has had.
  func insert(_ request: PendingRequest) -> UInt {
    state.withLock(notifying: .none) { state in
      state.lastID += 1
      state.entries[state.lastID] = Entry(request: request)
      return state.lastID
    }
  }

  /// Observes signals for a request, also one that came before.
  func observe(_ id: UInt) {
    guard let request = state.withLock(notifying: .none, { $0.entries[id]?.request }) else { return }
    unsafe hooks.observe(request.request, id)
    let hasSignal = state.withLock(notifying: .none) { state in
      state.entries[id]?.isObserved = true
      return state.entries[id]?.hasSignal ?? false
    }
    if hasSignal { interruptIfPending(id) }
  }

  /// Removes a request.
  ///
  /// - Returns: whether it was present; the caller then has the only right to reply.
  func remove(_ id: UInt) -> Bool {
    state.withLock(notifying: .none) { $0.entries.removeValue(forKey: id) } != nil
  }

  /// Handles a FUSE_INTERRUPT.
  func didSignal(_ id: UInt) {
    let isObserved = state.withLock(notifying: .none) { state in
      state.entries[id]?.hasSignal = true
      // Until then this runs within `observe`, and libfuse holds a lock of the request that a reply takes.
      return state.entries[id]?.isObserved ?? false
    }
    if isObserved { interruptIfPending(id) }
  }

  private func interruptIfPending(_ id: UInt) {
    guard let request = state.withLock(notifying: .none, { $0.entries[id]?.request }) else { return }
    guard hooks.hasSignal(request.policy, request.thread) else { return startPolling() }
    guard remove(id) else { return }
    request.cancellation.cancel()
    unsafe hooks.reply(request.request, EINTR)
  }

  private func startPolling() {
    let isFirst = state.withLock(notifying: .none) { state in
      defer { state.isPolling = true }
      return !state.isPolling
    }
    // Without a thread, later signals do not interrupt.
    if isFirst, (try? Thread.start("casfs-interrupt", { self.poll() })) == nil {
      state.withLock(notifying: .none) { $0.isPolling = false }
    }
  }

  private func poll() {
    while true {
      Thread.sleep(for: Self.period)
      let signalled: [UInt] = state.withLock(notifying: .none) { state in
        let signalled = state.entries.filter { $0.value.hasSignal && $0.value.isObserved }.map(\.key)
        state.isPolling = !signalled.isEmpty
        return signalled
      }
      if signalled.isEmpty { return }
      for id in signalled { interruptIfPending(id) }
    }
  }
}

extension InterruptTable.Hooks {
  /// `fuse_req_interrupt_func(3)`, `fuse_reply_err(3)`, and `/proc/TID/status`.
  static let libfuse = unsafe Self(
    observe: { (request, id) in
      // libfuse may call back after the reply, so the data is a key that can be stale and not a reference.
      unsafe fuse_req_interrupt_func(
        request,
        { (request, data) in
          guard let request = unsafe request, let user = unsafe fuse_req_userdata(request) else { return }
          unsafe SessionState.of(user).interruptTable.didSignal(UInt(bitPattern: data))
        }, UnsafeMutableRawPointer(bitPattern: id))
    },
    reply: { (request, error) in _ = unsafe fuse_reply_err(request, error) },
    hasSignal: { (policy, thread) in policy.isTriggered(by: thread) })
}

extension InterruptPolicy {
  /// Whether a signal that interrupts is pending for a thread.
  func isTriggered(by thread: Int32) -> Bool {
    switch self {
    case .anySignal: PendingSignals.hasInterruptingSignal(thread: thread)
    case .fatalSignal, .fatalSignalWhileBlocked: PendingSignals.hasFatalSignal(thread: thread)
    }
  }
}
