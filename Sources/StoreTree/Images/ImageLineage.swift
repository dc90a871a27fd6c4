import OCI

/// The manifests and indexes on the way from `images` to one of them. It keeps referrers that refer to each other, as tags
/// can make them, from being shown without end.
struct ImageLineage: Sendable {
  /// The most times that `referrers` is in one path.
  private static let maximumDepth = 8

  private(set) var manifests: [Digest] = []
  private var depth = 0

  /// Whether referrers of the last manifest are shown.
  var hasReferrers: Bool { depth < Self.maximumDepth }

  /// The lineage of what a manifest or index contains.
  func inside(_ manifest: Digest) -> ImageLineage {
    var lineage = self
    lineage.manifests.append(manifest)
    return lineage
  }

  /// The lineage of a referrer of the last manifest.
  var ofReferrer: ImageLineage {
    var lineage = self
    lineage.depth += 1
    return lineage
  }
}
