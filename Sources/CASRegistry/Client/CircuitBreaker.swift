import CASPlatform

/// A circuit breaker: for a few seconds after the registry was unreachable, requests are tried once and not repeated.
/// A caller of many operations thus waits for the retries of one of them only.
final class CircuitBreaker: Sendable {
  /// How long the circuit stays open after a failure.
  private let openDuration: Duration
  /// The same for a mirror: reads wait for it in vain, while another registry has the content.
  static let mirrorOpenDuration = Duration.seconds(30)
  /// When the registry was last unreachable; `nil` once it has responded.
  private let lastFailure = Monitor<ContinuousClock.Instant?>(nil)

  init(openDuration: Duration = .seconds(5)) {
    self.openDuration = openDuration
  }

  var isOpen: Bool { lastFailure.withLock(notifying: .none) { $0.map { .now < $0 + openDuration } ?? false } }

  func open() { lastFailure.withLock(notifying: .none) { $0 = .now } }

  func close() { lastFailure.withLock(notifying: .none) { $0 = nil } }
}
