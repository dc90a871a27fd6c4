import CAS
import CASPlatform
import CFUSE
import Glibc

/// The callers of requests that take long. What wakes them comes as a request of its own: `FUSE_INTERRUPT`.
final class InterruptTable: Sendable {
  private struct Entry {
    var caller: PendingRequest
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
  private static let period = Duration.milliseconds(50)

  private let state = Monitor(State())

  /// Takes a caller in.
  ///
  /// - Returns: a number that no other caller has had.
  func insert(_ caller: PendingRequest) -> UInt {
    state.withLock(notifying: .none) { state in
      state.last += 1
      state.entries[state.last] = Entry(caller: caller)
      return state.last
    }
  }

  /// Lets libfuse tell of signals: `fuse_req_interrupt_func`, which tells at once of one that came before.
  func watch(_ id: UInt) {
    guard let caller = state.withLock(notifying: .none, { $0.entries[id]?.caller }) else { return }
    // The number and not the caller, for libfuse may use it when the request is answered and forgotten.
    unsafe fuse_req_interrupt_func(
      caller.request,
      { (request, data) in
        guard let request = unsafe request, let user = unsafe fuse_req_userdata(request) else { return }
        unsafe SessionState.of(user).interruptTable.signalled(UInt(bitPattern: data))
      }, UnsafeMutableRawPointer(bitPattern: id))
    let hasSignal = state.withLock(notifying: .none) { state in
      state.entries[id]?.isWatched = true
      return state.entries[id]?.hasSignal ?? false
    }
    if hasSignal { interrupt(id) }
  }

  /// Takes a caller out.
  ///
  /// - Returns: whether it was still there.
  func remove(_ id: UInt) -> Bool {
    state.withLock(notifying: .none) { $0.entries.removeValue(forKey: id) } != nil
  }

  private func signalled(_ id: UInt) {
    let isWatched = state.withLock(notifying: .none) { state in
      state.entries[id]?.hasSignal = true
      // While it is not, libfuse holds a lock of the request.
      return state.entries[id]?.isWatched ?? false
    }
    if isWatched { interrupt(id) }
  }

  private func interrupt(_ id: UInt) {
    guard let caller = state.withLock(notifying: .none, { $0.entries[id]?.caller }) else { return }
    guard caller.isCalledAway else { return look() }
    guard remove(id) else { return }
    caller.cancellation.cancel()
    _ = unsafe fuse_reply_err(caller.request, EINTR)
  }

  private func look() {
    let begins = state.withLock(notifying: .none) { state in
      defer { state.isLooking = true }
      return !state.isLooking
    }
    // Without a thread it is as if no other signal came.
    if begins, (try? Thread.start("casfs-signals", { self.lookOn() })) == nil {
      state.withLock(notifying: .none) { $0.isLooking = false }
    }
  }

  private func lookOn() {
    while true {
      Thread.sleep(for: Self.period)
      let waiting: [UInt] = state.withLock(notifying: .none) { state in
        let waiting = state.entries.filter { $0.value.hasSignal && $0.value.isWatched }.map(\.key)
        state.isLooking = !waiting.isEmpty
        return waiting
      }
      if waiting.isEmpty { return }
      for id in waiting { interrupt(id) }
    }
  }
}
