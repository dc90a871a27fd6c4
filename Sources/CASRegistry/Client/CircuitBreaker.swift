import CASPlatform

/// A circuit breaker: for a few seconds after the registry was unreachable, requests are tried once and not repeated.
/// A caller of many operations thus waits for the retries of one of them only.
final class CircuitBreaker: Sendable {
  /// How long the circuit stays open after a failure.
  private static let openDuration = Duration.seconds(5)
  /// When the registry was last unreachable; `nil` once it has responded.
  private let lastFailure = Monitor<ContinuousClock.Instant?>(nil)

  var isOpen: Bool { lastFailure.withLock(notifying: .none) { $0.map { .now < $0 + Self.openDuration } ?? false } }

  func open() { lastFailure.withLock(notifying: .none) { $0 = .now } }

  func close() { lastFailure.withLock(notifying: .none) { $0 = nil } }
}
