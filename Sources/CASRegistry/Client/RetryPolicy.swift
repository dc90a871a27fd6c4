import CAS
import CASPlatform

/// Exponential backoff with jitter, for one request or transfer. The jitter keeps clients from retrying in step after
/// an outage.
struct RetryPolicy {
  static let defaultDelay = Duration.milliseconds(100)
  /// The longest wait that a registry can ask for by `Retry-After`.
  static let longestWait = Duration.seconds(60)
  private static let maximumAttempts = 5
  /// No attempt begins later than this after the first, or after the last progress.
  private static let retryWindow = Duration.seconds(10)

  private var failures = 0
  private var start = ContinuousClock.now
  private let isEnabled: Bool
  private let firstDelay: Duration

  /// - Parameter isEnabled: `false` while a ``CircuitBreaker`` is open: nothing is repeated.
  /// - Parameter firstDelay: the average wait before the second attempt; each further wait is twice as long.
  init(isEnabled: Bool = true, firstDelay: Duration) {
    self.isEnabled = isEnabled
    self.firstDelay = firstDelay
  }

  /// Starts over after progress, which shows that the registry is reachable.
  mutating func reset() {
    failures = 0
    start = .now
  }

  /// Records a failure.
  ///
  /// - Parameter retryAfter: the least delay, from the registry's `Retry-After`.
  /// - Returns: the time until the next attempt; `nil` if there must be none.
  mutating func nextDelay(retryAfter: Duration?) -> Duration? {
    failures += 1
    guard isEnabled, failures < Self.maximumAttempts else { return nil }
    let backOff = firstDelay * (Double(1 << (failures - 1)) * .random(in: 0.5...1.5))
    let delay = max(backOff, retryAfter ?? .zero)
    guard delay <= Self.longestWait else { return nil }
    let window = retryAfter == nil ? Self.retryWindow : Self.longestWait + Self.retryWindow
    return .now + delay < start + window ? delay : nil
  }

  /// Records a failure, and waits until the next attempt is due.
  ///
  /// - Parameter retryAfter: the least delay, from the registry's `Retry-After`.
  /// - Returns: `false` if there must be no further attempt.
  mutating func backOff(retryAfter: Duration? = nil, _ cancellation: CancellationToken) -> Bool {
    guard let delay = nextDelay(retryAfter: retryAfter) else { return false }
    return Self.sleep(for: delay, cancellation)
  }

  /// - Returns: `false` if the wait was cancelled.
  static func sleep(for delay: Duration, _ cancellation: CancellationToken) -> Bool {
    let end = ContinuousClock.now + delay
    while true {
      if cancellation.isCancelled { return false }
      let left = end - .now
      if left <= .zero { return true }
      Thread.sleep(for: min(left, .milliseconds(20)))
    }
  }
}

extension RegistryRequest {
  /// Whether a response with this status leads to a further attempt. A request that was refused by 429 or 503 was not
  /// carried out, but an upload session may have got a part of a streamed body, so another one begins.
  func isRepeated(after status: Int) -> Bool {
    switch status {
    case 429, 503: if case .file = body { false } else { true }
    case 408, 500, 502, 504: isRepeatable
    default: false
    }
  }
}
