import CLinux
import Glibc
package import SystemPackage

/// Threads for work that blocks, which must not run on a thread of Swift's cooperative pool.
package enum Thread {
  /// Starts a detached thread that runs `body`: `pthread_create(3)`.
  ///
  /// Every signal but those of faults is blocked in the thread, so that the one thread that waits for signals receives them.
  ///
  /// - Parameter name: the name in `ps -L`, up to 15 bytes.
  /// - Throws: EAGAIN if there are too many threads.
  package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    let argument = unsafe Unmanaged.passRetained(Body(name: name, run: body))
    var blocked = sigset_t()
    var before = sigset_t()
    unsafe casfs_fill_blocked_signals(&blocked)
    unsafe pthread_sigmask(SIG_SETMASK, &blocked, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let failure = unsafe pthread_create(
      &thread, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        unsafe casfs_name_thread(body.name)
        casfs_use_signal_stack()
        body.run()
        return nil
      }, argument.toOpaque())
    guard failure == 0 else {
      unsafe argument.release()
      throw Errno(rawValue: failure)
    }
    pthread_detach(thread)
  }

  /// Gives this thread descriptors of its own, a copy of one under a number, so that those of the process, with the standard
  /// streams, close without it: `close_range(2)`, `CLOSE_RANGE_UNSHARE`. The thread must neither open nor close a file.
  ///
  /// - Throws: ENOSYS before Linux 5.9; the thread shares the descriptors then.
  package static func unshareDescriptors(keeping descriptor: Int32, as number: Int32) throws(Errno) {
    _ = try retrying { casfs_unshare_descriptors(descriptor, number) }
  }

  /// The number of this thread: `gettid(2)`.
  package static var current: Int32 { casfs_thread() }

  /// Suspends this thread: `nanosleep(2)`. A signal can end the sleep early.
  package static func sleep(for duration: Duration) {
    var time = timespec(duration)
    unsafe nanosleep(&time, nil)
  }

  private final class Body: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }
}

extension timespec {
  /// Creates a `timespec` from a duration; a negative one becomes zero.
  init(_ duration: Duration) {
    let (seconds, attoseconds) = max(duration, .zero).components
    self.init(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
  }
}
