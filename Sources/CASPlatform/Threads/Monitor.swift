import CLinux
import Glibc

/// State that one thread at a time may see or change, and that threads can wait on: a mutex with a condition
/// variable (`pthread_mutex_t`, `pthread_cond_t`).
///
/// A change wakes all who wait, if nothing else is said, so that a forgotten signal cannot hang anyone.
@safe
public final class Monitor<State>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var state: State

  /// Makes a monitor of a first state.
  public init(_ state: sending State) {
    self.state = state
    unsafe mutex = .allocate(capacity: 1)
    unsafe changed = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(changed, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(mutex)
    unsafe changed.deallocate()
    unsafe mutex.deallocate()
  }

  /// Sees and changes the state; nobody else does until `body` returns. `body` must not block or come back here.
  ///
  /// - Parameter notification: whom the change concerns.
  public func withLock<Result, Failure: Error>(
    notifying notification: Notification = .all, _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { wakeAndUnlock(notification) }
    return try body(&state)
  }

  /// Waits until `condition` holds, then sees and changes the state like ``withLock(notifying:_:)``.
  public func wait<Result, Failure: Error>(
    until condition: (State) -> Bool, notifying notification: Notification = .all,
    then body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { wakeAndUnlock(notification) }
    while !condition(state) { unsafe pthread_cond_wait(changed, mutex) }
    return try body(&state)
  }

  /// Waits like ``wait(until:notifying:then:)``, unless the wait is given up, which is looked at now and then.
  ///
  /// - Returns: `nil` when it was given up.
  public func wait<Result, Failure: Error>(
    until condition: (State) -> Bool, unless isGivenUp: () -> Bool, notifying notification: Notification = .all,
    then body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    unsafe pthread_mutex_lock(mutex)
    defer { wakeAndUnlock(notification) }
    while !condition(state) {
      if isGivenUp() { return nil }
      var deadline = Self.deadline(after: .milliseconds(20))
      unsafe pthread_cond_timedwait(changed, mutex, &deadline)
    }
    return try body(&state)
  }

  private static func deadline(after duration: Duration) -> timespec {
    var deadline = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
    let length = timespec(duration)
    deadline.tv_sec += length.tv_sec
    deadline.tv_nsec += length.tv_nsec
    if deadline.tv_nsec >= 1_000_000_000 {
      deadline.tv_sec += 1
      deadline.tv_nsec -= 1_000_000_000
    }
    return deadline
  }

  private func wakeAndUnlock(_ notification: Notification) {
    switch notification {
    case .all: unsafe pthread_cond_broadcast(changed)
    case .one: unsafe pthread_cond_signal(changed)
    case .none: break
    }
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Waits until `condition` holds, at most for a time.
  ///
  /// - Returns: whether it held.
  public func wait(for duration: Duration, until condition: (State) -> Bool) -> Bool {
    var deadline = Self.deadline(after: duration)
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while !condition(state) {
      if unsafe pthread_cond_timedwait(changed, mutex, &deadline) == ETIMEDOUT { return condition(state) }
    }
    return true
  }
}

/// Which of the threads that wait on a ``Monitor`` a change concerns.
public enum Notification: Sendable {
  /// All of them look whether what they wait for is there.
  case all
  /// Any one of them: they all wait for the same, and only one can have it.
  case one
  /// None of them.
  case none
}
