import Glibc
import SystemPackage

/// Threads for computing beside the threads that wait for the system: no more than there are processors. Those
/// without work end after a while.
public final class ThreadPool: Sendable {
  /// The workers of this process.
  public static let shared = ThreadPool(limit: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))

  private struct State {
    var waiting: [@Sendable () -> Void] = []
    var threads = 0
    var idle = 0
  }

  /// How long a thread waits for work before it ends.
  private static let idleTimeout = Duration.seconds(2)

  private let limit: Int
  private let state = Monitor(State())

  /// Starts no thread yet.
  ///
  /// - Parameter limit: how many threads there may be.
  public init(limit: Int) {
    self.limit = limit
  }

  /// Lets a thread do some work soon; without any thread it is done at once by this one.
  public func submit(_ work: @escaping @Sendable () -> Void) {
    let needsThread = state.withLock { state in
      state.waiting.append(work)
      guard state.waiting.count > state.idle, state.threads < limit else { return false }
      state.threads += 1
      return true
    }
    guard needsThread else { return }
    do throws(Errno) {
      try Thread.start("casfs-worker") { self.run() }
    } catch {
      let isAlone = state.withLock { state in
        state.threads -= 1
        return state.threads == 0
      }
      if isAlone { while let work = next() { work() } }
    }
  }

  private func next() -> (@Sendable () -> Void)? {
    state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
  }

  private func run() {
    while true {
      while let work = next() { work() }
      state.withLock { $0.idle += 1 }
      _ = state.wait(for: Self.idleTimeout) { !$0.waiting.isEmpty }
      let isDone = state.withLock { state in
        state.idle -= 1
        guard state.waiting.isEmpty else { return false }
        state.threads -= 1
        return true
      }
      if isDone { return }
    }
  }
}
