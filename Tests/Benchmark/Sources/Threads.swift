import Glibc
import Synchronization

/// Threads, for work that blocks.
enum Threads {
  /// Does work concurrently on several threads, and returns when all have ended.
  ///
  /// - Parameter work: takes the thread's number, from 0.
  /// - Throws: the error of the first thread that failed.
  static func run(_ count: Int, _ work: @escaping @Sendable (Int) throws -> Void) throws {
    let failure = Mutex<(any Error)?>(nil)
    let threads = try (0..<count).map { number in
      try start {
        do { try work(number) } catch { failure.withLock { $0 = $0 ?? error } }
      }
    }
    for thread in threads { pthread_join(thread, nil) }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Starts a thread.
  @discardableResult
  static func start(_ body: @escaping @Sendable () -> Void) throws -> pthread_t {
    let argument = unsafe Unmanaged.passRetained(Body(body))
    var thread = pthread_t()
    let failure = unsafe pthread_create(
      &thread, nil,
      { argument in
        if let argument = unsafe argument { unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, argument.toOpaque())
    guard failure == 0 else {
      unsafe argument.release()
      errno = failure
      throw Failure(call: "start", "a thread")
    }
    return thread
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
      self.run = run
    }
  }
}
