import CASPlatform
import OCI

/// What a registry is known to have, in bounded memory: content under a digest does not change, and goes rarely.
final class KnownContent: Sendable {
  /// What is known of a digest.
  struct Entry: Sendable {
    var size: Int64
    /// Whether it is stored as a manifest and not as a blob.
    var isManifest: Bool
    /// What the registry says it is.
    var mediaType: String?
  }

  private static let maximumCount = 1 << 16
  private let entries = Monitor<[Digest: Entry]>([:])

  subscript(digest: Digest) -> Entry? { entries.withLock(notifying: .none) { $0[digest] } }

  func remember(_ digest: Digest, _ entry: Entry) {
    entries.withLock(notifying: .none) { entries in
      if entries.count >= Self.maximumCount { entries = [:] }
      entries[digest] = entry
    }
  }

  func forget(_ digest: Digest) {
    entries.withLock(notifying: .none) { $0[digest] = nil }
  }
}
