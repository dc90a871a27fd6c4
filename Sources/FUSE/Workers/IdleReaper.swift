import CASPlatform
import SystemPackage

/// Trims caches on a thread of its own, since closing an evicted file can block for long.
final class IdleReaper: Sendable {
  private struct State {
    var passes = 0
    var hasEnded = false
  }

  /// The times until the next pass without requests, if one has left work: they double from the first to the last.
  private static let pauses = (first: Duration.seconds(1), last: Duration.seconds(32))

  private let state = Monitor(State())

  /// Starts the thread.
  ///
  /// - Parameter trim: makes a pass, and returns whether work is left that no request announces.
  func start(_ trim: @escaping @Sendable () -> Bool) throws(Errno) {
    try Thread.start("casfs-reaper") { [self] in
      var pause: Duration?
      while let isScheduled = waitForPass(pause) {
        guard trim() else {
          pause = nil
          continue
        }
        pause = isScheduled ? Self.pauses.first : min(pause.map { $0 * 2 } ?? Self.pauses.first, Self.pauses.last)
      }
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

  /// Waits for a scheduled pass, or until a pause is over.
  ///
  /// - Returns: whether the pass was scheduled; `nil` at the end.
  private func waitForPass(_ pause: Duration?) -> Bool? {
    func isDue(_ state: State) -> Bool { state.passes > 0 || state.hasEnded }
    if let pause, !state.wait(for: pause, until: isDue) { return false }
    return state.wait(
      until: isDue,
      then: { state in
        state.passes -= 1
        return state.hasEnded ? nil : true
      })
  }
}
