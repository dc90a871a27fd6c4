import CASPlatform

/// Whether a registry answers HEAD requests, as far as its answers have shown, for each kind of content.
///
/// Some registries and the proxies and storage servers before them refuse HEAD, or answer 404 for what GET returns.
final class HeadSupport: Sendable {
  enum Kind: Hashable, Sendable {
    case blob
    case manifest
  }

  private enum Experience {
    case answered
    case refused
  }

  private let experiences = Monitor<[Kind: Experience]>([:])

  /// Whether HEAD was refused for content that GET returned.
  func isRefused(_ kind: Kind) -> Bool { experiences.withLock(notifying: .none) { $0[kind] } == .refused }

  /// Whether HEAD has found content, so that a 404 to it means that the content is absent.
  func isAnswered(_ kind: Kind) -> Bool { experiences.withLock(notifying: .none) { $0[kind] } == .answered }

  func recordAnswer(_ kind: Kind) { experiences.withLock(notifying: .none) { $0[kind] = .answered } }

  func recordRefusal(_ kind: Kind) { experiences.withLock(notifying: .none) { $0[kind] = .refused } }
}
