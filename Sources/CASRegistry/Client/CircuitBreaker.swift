import CASPlatform

/// Whether the registry was away a moment ago: then a request is tried once and no more, so that whoever asks for many
/// things does not wait for each.
final class CircuitBreaker: Sendable {
  private static let openDuration = Duration.seconds(5)
  private let lastFailure = Monitor<ContinuousClock.Instant?>(nil)

  var isOpen: Bool { lastFailure.withLock(notifying: .none) { $0.map { .now < $0 + Self.openDuration } ?? false } }

  func open() { lastFailure.withLock(notifying: .none) { $0 = .now } }

  func close() { lastFailure.withLock(notifying: .none) { $0 = nil } }
}
