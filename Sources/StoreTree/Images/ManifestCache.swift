import CASPlatform
import OCI

/// The manifests that were read last, so that a walk through an image parses each once.
final class ManifestCache: Sendable {
  private struct Known {
    var descriptor: Descriptor
    var manifest: Result<KnownManifest, InvalidValue>
  }

  /// Few, because a manifest can have 4 MiB.
  private static let limit = 16
  private let known = Monitor([Known]())

  func manifest(_ descriptor: Descriptor) -> Result<KnownManifest, InvalidValue>? {
    known.withLock { $0.first { $0.descriptor == descriptor }?.manifest }
  }

  func remember(_ manifest: Result<KnownManifest, InvalidValue>, of descriptor: Descriptor) {
    known.withLock { known in
      known.insert(Known(descriptor: descriptor, manifest: manifest), at: 0)
      if known.count > Self.limit { known.removeLast() }
    }
  }
}
