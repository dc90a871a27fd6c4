import CASPlatform
import SystemPackage

/// Trims caches on a thread of its own, since closing an evicted file can block for long.
final class IdleReaper: Sendable {
  private struct State {
    var passes = 0
    var hasEnded = false
  }

  private let state = Monitor(State())

  /// Starts the thread.
  func start(_ trim: @escaping @Sendable () -> Void) throws(Errno) {
    try Thread.start("casfs-reaper") { [self] in
      while waitForPass() { trim() }
    }
  }

  /// Requests passes. Those that are due already count as part of them.
  func schedule(passes: Int) {
    state.withLock { $0.passes = max($0.passes, passes) }
  }

  /// Ends the thread after its current pass.
  func end() {
    state.withLock { $0.hasEnded = true }
  }

  private func waitForPass() -> Bool {
    state.wait(
      until: { $0.passes > 0 || $0.hasEnded },
      then: { state in
        state.passes -= 1
        return !state.hasEnded
      })
  }
}
