import CAS
import CASPlatform

/// Exponential backoff with jitter, for one request or transfer. The jitter keeps clients from retrying in step after
/// an outage.
struct RetryPolicy {
  private static let maximumAttempts = 5
  /// No attempt begins later than this after the first, or after the last progress.
  private static let retryWindow = Duration.seconds(10)
  private static let firstDelay = Duration.milliseconds(100)

  private var failures = 0
  private var start = ContinuousClock.now
  private let isEnabled: Bool

  /// - Parameter isEnabled: `false` while a ``CircuitBreaker`` is open: nothing is repeated.
  init(isEnabled: Bool = true) {
    self.isEnabled = isEnabled
  }

  /// Starts over after progress, which shows that the registry is reachable.
  mutating func reset() {
    failures = 0
    start = .now
  }

  /// Records a failure, and waits until the next attempt is due.
  ///
  /// - Parameter retryAfter: the least delay, from the registry's `Retry-After`.
  /// - Returns: `false` if there must be no further attempt.
  mutating func backOff(retryAfter: Duration?, _ cancellation: CancellationToken) -> Bool {
    failures += 1
    guard isEnabled, failures < Self.maximumAttempts else { return false }
    let backOff = Self.firstDelay * (Double(1 << (failures - 1)) * .random(in: 0.5...1.5))
    let end = ContinuousClock.now + max(backOff, retryAfter ?? .zero)
    guard end < start + Self.retryWindow else { return false }
    while ContinuousClock.now < end {
      if cancellation.isCancelled { return false }
      Thread.sleep(for: .milliseconds(20))
    }
    return true
  }
}
