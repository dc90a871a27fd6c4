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

  /// The lengths that descriptors in manifests state, in bytes.
  private let statedSizes = Monitor(GenerationalMap<Digest, Int64>(generationSize: 1 << 15))

  /// Manifests in the cache whose lengths are in ``statedSizes``.
  private let readManifests = Monitor(GenerationalMap<Digest, Bool>(generationSize: 1 << 12))

  func isFirstReading(of manifest: Digest) -> Bool {
    readManifests.withLock(notifying: .none) { (known) in
      if known[manifest] != nil { return false }
      _ = known.insert(true, for: manifest)
      return true
    }
  }

  /// The length in bytes that a descriptor states, for a registry that does not tell it.
  func statedSize(of digest: Digest) -> Int64? { statedSizes.withLock(notifying: .none) { $0[digest] } }

  /// Remembers what the descriptors in a manifest state.
  func rememberSizes(in manifest: Manifest) {
    let descriptors = manifest.manifests + manifest.layers + [manifest.config, manifest.subject].compactMap { $0 }
    statedSizes.withLock(notifying: .none) { (sizes) in
      for descriptor in descriptors { _ = sizes.insert(descriptor.size, for: descriptor.digest) }
    }
  }

  subscript(digest: Digest) -> Entry? { entries.withLock(notifying: .none) { $0[digest] } }

  func remember(_ digest: Digest, _ entry: Entry) {
    entries.withLock(notifying: .none) { _ = $0.insert(entry, for: digest) }
  }

  func forget(_ digest: Digest) {
    entries.withLock(notifying: .none) { $0.remove(digest) }
  }
}
