import CAS
import CASPlatform
import OCI

/// A cache of positive lookups by digest, without expiry: content under a digest never changes, and is rarely deleted.
final class KnownContent: Sendable {
  /// The result of a lookup.
  struct Entry: Sendable {
    /// The length in bytes.
    var size: Int64
    /// Whether the registry has it as a manifest, and not as a blob.
    var isManifest: Bool
    /// The `Content-Type` of a manifest.
    var mediaType: String?
    /// Whether a mirror has it, and the registry itself may lack it.
    var isMirrored = false
  }

  private let entries = Monitor(GenerationalMap<Digest, Entry>(generationSize: 1 << 15))

  subscript(digest: Digest) -> Entry? { entries.withLock(notifying: .none) { $0[digest] } }

  func remember(_ digest: Digest, _ entry: Entry) {
    entries.withLock(notifying: .none) { _ = $0.insert(entry, for: digest) }
  }

  func forget(_ digest: Digest) {
    entries.withLock(notifying: .none) { $0.remove(digest) }
  }
}
