import Glibc

/// Whether to look for the next request for a moment before sleeping. Most requests come right after the answer to the
/// one before, and to be woken takes longer than to look for them; when they do not come, looking is given up for a
/// while.
struct AdaptivePoller {
  /// How long it is looked: about what it takes to wake a thread.
  private static let pollDuration = Duration.microseconds(50)
  private static let isAlone = sysconf(Int32(_SC_NPROCESSORS_ONLN)) < 2
  /// At most 2 to this power sleeps follow each other without a look.
  private static let maximumFailures = 6

  /// So many requests must come one after the other before processors are kept awake for the next.
  private static let sustainedRunLength = 32

  private var failures = 0
  private var sleeps = 0
  private var run = 0

  /// Whether requests come one right after the other, and have for a while.
  var isSustained: Bool { run >= Self.sustainedRunLength }

  /// Looks for something for a moment, if it was there often enough lately.
  ///
  /// - Returns: whether it was there.
  mutating func pollBriefly(_ isThere: () -> Bool) -> Bool {
    if Self.isAlone { return false }
    if sleeps > 0 {
      sleeps -= 1
      return false
    }
    let end = ContinuousClock.now + Self.pollDuration
    repeat {
      if isThere() {
        failures = 0
        run += 1
        return true
      }
    } while ContinuousClock.now < end
    run = 0
    failures = min(failures + 1, Self.maximumFailures)
    sleeps = 1 << failures
    return false
  }
}
