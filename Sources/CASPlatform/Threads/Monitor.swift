import CLinux
import Glibc

/// A monitor: a mutex with a condition variable around a state (`pthread_mutex_t`, `pthread_cond_t`).
///
/// By default every change wakes all waiting threads, so that a missing signal cannot cause a hang.
@safe
package final class Monitor<State>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var state: State

  /// Creates a monitor with its first state.
  package init(_ state: sending State) {
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

  /// Runs `body` with the state, and the mutex locked. It must not block, and must not use this monitor.
  ///
  /// - Parameter notification: the waiting threads that the change concerns.
  package func withLock<Result, Failure: Error>(
    notifying notification: MonitorNotification = .all, _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { wakeAndUnlock(notification) }
    return try body(&state)
  }

  /// Waits until `condition` holds, then runs `body` as ``withLock(notifying:_:)``.
  package func wait<Result, Failure: Error>(
    until condition: (State) -> Bool, notifying notification: MonitorNotification = .all,
    then body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { wakeAndUnlock(notification) }
    while !condition(state) { unsafe pthread_cond_wait(changed, mutex) }
    return try body(&state)
  }

  /// Waits as ``wait(until:notifying:then:)``, unless the wait is given up, which is tested every 20 milliseconds.
  ///
  /// - Returns: `nil` if the wait was given up.
  package func wait<Result, Failure: Error>(
    until condition: (State) -> Bool, unless isGivenUp: () -> Bool, notifying notification: MonitorNotification = .all,
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

  private func wakeAndUnlock(_ notification: MonitorNotification) {
    switch notification {
    case .all: unsafe pthread_cond_broadcast(changed)
    case .one: unsafe pthread_cond_signal(changed)
    case .none: break
    }
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Waits until `condition` holds or a timeout has passed: `pthread_cond_timedwait(3)`.
  ///
  /// - Returns: whether the condition held.
  package func wait(for duration: Duration, until condition: (State) -> Bool) -> Bool {
    var deadline = Self.deadline(after: duration)
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while !condition(state) {
      if unsafe pthread_cond_timedwait(changed, mutex, &deadline) == ETIMEDOUT { return condition(state) }
    }
    return true
  }
}

/// The threads waiting on a ``Monitor`` that a change concerns.
package enum MonitorNotification: Sendable {
  /// All of them test their conditions: `pthread_cond_broadcast(3)`.
  case all
  /// One of them: all wait for the same, and only one can have it. `pthread_cond_signal(3)`.
  case one
  /// None of them.
  case none
}
