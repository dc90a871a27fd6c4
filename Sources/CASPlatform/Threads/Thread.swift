import CLinux
import Glibc
public import SystemPackage

/// Threads of our own, for work that blocks: it must not take those of Swift's cooperative pool.
public enum Thread {
  /// Starts a thread that runs `body` and ends with it: `pthread_create(3)`, detached.
  ///
  /// The thread has every signal blocked, so that the one thread made to wait for signals gets them.
  ///
  /// - Parameter name: what `ps -L` shows, up to 15 bytes.
  public static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    let argument = unsafe Unmanaged.passRetained(Body(name: name, run: body))
    var everySignal = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&everySignal)
    unsafe pthread_sigmask(SIG_SETMASK, &everySignal, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let failure = unsafe pthread_create(
      &thread, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        unsafe casfs_name_thread(body.name)
        body.run()
        return nil
      }, argument.toOpaque())
    guard failure == 0 else {
      unsafe argument.release()
      throw Errno(rawValue: failure)
    }
    pthread_detach(thread)
  }

  /// Suspends this thread: `nanosleep(2)`. A signal may end the sleep early.
  public static func sleep(for duration: Duration) {
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
  /// A length of time for the system; a negative one is zero.
  init(_ duration: Duration) {
    let (seconds, attoseconds) = max(duration, .zero).components
    self.init(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
  }
}
