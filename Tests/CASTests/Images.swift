import CAS
import OCI
import TestSupport

/// Makes images of a few bytes in a store.
struct Images {
  let engine: any Engine

  init(_ store: TestStore) {
    engine = store.engine
  }

  /// Stores text as a blob and describes it.
  func put(_ text: String, as mediaType: String = "application/vnd.oci.image.layer.v1.tar") throws -> Descriptor {
    let address = try engine.putBlob(Array(text.utf8))
    return Descriptor(mediaType: mediaType, digest: address.digest, size: address.size)
  }

  /// Stores a manifest of a config and layers.
  func manifest(
    _ config: Descriptor, _ layers: [Descriptor], subject: Descriptor? = nil,
    as mediaType: String = MediaType.imageManifest
  ) throws -> Descriptor {
    let subject = subject.map { ",\"subject\":\($0)" } ?? ""
    let list = layers.map(\.description).joined(separator: ",")
    return try put("{\"schemaVersion\":2,\"config\":\(config),\"layers\":[\(list)]\(subject)}", as: mediaType)
  }

  /// Stores an index of manifests.
  func index(_ manifests: [Descriptor], as mediaType: String = MediaType.imageIndex) throws -> Descriptor {
    let list = manifests.map(\.description).joined(separator: ",")
    return try put("{\"schemaVersion\":2,\"manifests\":[\(list)]}", as: mediaType)
  }

  /// Puts a reference to a descriptor.
  func tag(_ descriptor: Descriptor, _ name: String) throws {
    try engine.putReference(descriptor, named: ReferenceName(name))
  }
}

extension Engine {
  /// Collects garbage and returns the removed digests, sorted.
  func collect(
    grace: Duration = .zero, isDryRun: Bool = false, allowsEmptyIndex: Bool = true,
    cancellation: CancellationToken = .none
  ) throws(CASError) -> [Digest] {
    var removed: [Digest] = []
    let options = GarbageOptions(grace: grace, isDryRun: isDryRun, allowsEmptyIndex: allowsEmptyIndex)
    try collectGarbage(options, cancellation: cancellation) {
      removed += $0.removed.map(\.digest)
    }
    return removed.sorted()
  }
}
