import Glibc
import SystemPackage

/// A pool of threads for computations, at most as many as there are processors. A computation must not block. Idle threads
/// end after two seconds.
package final class ThreadPool: Sendable {
  /// The pool of this process.
  package static let shared = ThreadPool(limit: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))

  private struct State {
    var waiting: [@Sendable () -> Void] = []
    var threads = 0
    var idle = 0
  }

  /// The time after which an idle thread ends.
  private static let idleTimeout = Duration.seconds(2)

  private let limit: Int
  private let state = Monitor(State())

  /// Creates a pool without threads.
  ///
  /// - Parameter limit: the maximum number of threads.
  package init(limit: Int) {
    self.limit = limit
  }

  /// Queues work for a thread of the pool. If no thread can be started, the work is done on the caller's.
  package func submit(_ work: @escaping @Sendable () -> Void) {
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
