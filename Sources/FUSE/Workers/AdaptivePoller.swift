import Glibc

/// Adaptive busy-polling for the next request. Under load the next request usually arrives right after a reply, and
/// polling for it is cheaper than a thread wake-up. After a miss, polling is skipped for 2, 4 … 64 sleeps. Requests that
/// come somewhat later, again and again, call for a ``CPULatencyRequest``, which makes wake-ups cheap.
struct AdaptivePoller {
  /// About the time that a thread wake-up takes.
  private static let pollDuration = Duration.microseconds(50)
  /// The binary logarithm of the most sleeps that are skipped.
  private static let maximumMisses = 6
  /// The longest pause in a run of requests, in milliseconds. A tool that computes the digest of what it writes pauses for
  /// 0.2 ms after each 32 KiB.
  private static let longestPause: Int32 = 1
  /// The same while a request is answered: its caller cannot send another one. A durable close takes two or three on an SSD.
  private static let longestPauseWhileAnswering: Int32 = 10
  /// Requests in a run before the CPU latency request is taken. That wakes each idle CPU once, and lasts little longer than
  /// the run.
  private static let sustainedRunLength = 4
  private static let onlineProcessors = sysconf(Int32(_SC_NPROCESSORS_ONLN))

  /// On a single CPU polling would only keep the caller from running.
  private let isEnabled: Bool
  private var misses = 0
  private var sleepsToSkip = 0
  private var run = 0

  init(processors: Int = Self.onlineProcessors) {
    isEnabled = processors > 1
  }

  /// Whether requests have arrived in quick succession for a while.
  var isSustained: Bool { isEnabled && run >= Self.sustainedRunLength }

  /// Calls `receive` for up to 50 µs, unless recent polls missed.
  ///
  /// - Parameter receive: whether a request has arrived.
  /// - Returns: whether one has; if not, the caller sleeps.
  mutating func pollBriefly(_ receive: () -> Bool) -> Bool {
    guard isEnabled else { return false }
    if sleepsToSkip > 0 {
      sleepsToSkip -= 1
      return false
    }
    let end = ContinuousClock.now + Self.pollDuration
    repeat {
      if receive() {
        misses = 0
        run += 1
        return true
      }
    } while ContinuousClock.now < end
    misses = min(misses + 1, Self.maximumMisses)
    sleepsToSkip = 1 << misses
    return false
  }

  /// The longest pause in a run of requests, in milliseconds.
  ///
  /// - Parameter isAnswering: whether another thread answers a request.
  static func longestPause(isAnswering: Bool) -> Int32 {
    isAnswering ? longestPauseWhileAnswering : longestPause
  }

  /// Notes the end of a sleep, at whose start another thread answered a request or did not.
  mutating func didSleep(for duration: Duration, isAnswering: Bool) {
    run = duration < .milliseconds(Self.longestPause(isAnswering: isAnswering)) ? run + 1 : 0
  }
}
