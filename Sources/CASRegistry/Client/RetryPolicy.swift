import CAS
import CASPlatform

/// Whether a request that failed is made once more, and when: after twice as long each time, and never quite at the
/// time when others are.
struct RetryPolicy {
  private static let attempts = 5
  /// After this long no other attempt is begun.
  private static let retryWindow = Duration.seconds(10)
  private static let firstPause = 0.1

  private var failures = 0
  private var begin = ContinuousClock.now
  private let isEnabled: Bool

  /// - Parameter isHopeful: whether there is any use in trying again; not when the registry was away a moment ago.
  init(isEnabled: Bool = true) {
    self.isEnabled = isEnabled
  }

  /// Notes that something came, so that the registry is there.
  mutating func reset() {
    failures = 0
    begin = .now
  }

  /// Waits until it is time for another attempt.
  ///
  /// - Parameter wish: how many seconds the registry wants to be left alone.
  /// - Returns: whether there is to be one.
  mutating func backOff(retryAfter wish: Int?, _ cancellation: CancellationToken) -> Bool {
    failures += 1
    guard isEnabled, failures < Self.attempts else { return false }
    let doubled = Self.firstPause * Double(1 << (failures - 1))
    let pause = Duration.seconds(max(doubled * .random(in: 0.5...1.5), Double(wish ?? 0)))
    let end = ContinuousClock.now + pause
    guard end < begin + Self.retryWindow else { return false }
    while ContinuousClock.now < end {
      if cancellation.isCancelled { return false }
      Thread.sleep(for: .milliseconds(20))
    }
    return true
  }
}

/// Whether the registry was away a moment ago: then a request is tried once and no more, so that whoever asks for many
/// things does not wait for each.
final class CircuitBreaker: Sendable {
  private static let length = Duration.seconds(5)
  private let last = Monitor<ContinuousClock.Instant?>(nil)

  var isRecent: Bool { last.withLock(notifying: .none) { $0.map { .now < $0 + Self.length } ?? false } }

  func begin() { last.withLock(notifying: .none) { $0 = .now } }

  func end() { last.withLock(notifying: .none) { $0 = nil } }
}
