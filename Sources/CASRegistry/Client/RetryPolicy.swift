import CAS
import CASPlatform

/// Whether a request that failed is made once more, and when: after twice as long each time, and never quite at the
/// time when others are.
struct RetryPolicy {
  private static let maximumAttempts = 5
  /// After this long no other attempt is begun.
  private static let retryWindow = Duration.seconds(10)
  private static let firstDelay = Duration.milliseconds(100)

  private var failures = 0
  private var start = ContinuousClock.now
  private let isEnabled: Bool

  /// - Parameter isHopeful: whether there is any use in trying again; not when the registry was away a moment ago.
  init(isEnabled: Bool = true) {
    self.isEnabled = isEnabled
  }

  /// Notes that something came, so that the registry is there.
  mutating func reset() {
    failures = 0
    start = .now
  }

  /// Waits until it is time for another attempt.
  ///
  /// - Parameter wish: how many seconds the registry wants to be left alone.
  /// - Returns: whether there is to be one.
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
