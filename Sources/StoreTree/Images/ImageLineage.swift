import OCI

/// The manifests and indexes on the way from `images` to one of them. It keeps referrers that refer to each other, as tags
/// can make them, from being shown without end.
struct ImageLineage: Sendable {
  /// The most times that `referrers` is in one path.
  private static let maximumDepth = 8

  /// The last one; the others follow from it, so that a way takes no memory of its own.
  private var last: ImageDirectory?
  private var depth = 0

  /// The first one; `nil` if there is none.
  var first: ImageDirectory? {
    var image = last
    while let outer = image?.outer.last { image = outer }
    return image
  }

  /// Whether referrers of the last manifest are shown.
  var hasReferrers: Bool { depth < Self.maximumDepth }

  /// The lineage of what a manifest or index contains.
  func inside(_ image: ImageDirectory) -> ImageLineage {
    var lineage = self
    lineage.last = image
    return lineage
  }

  /// The lineage of a referrer of the last manifest.
  var ofReferrer: ImageLineage {
    var lineage = self
    lineage.depth += 1
    return lineage
  }

  /// Whether a manifest is on the way.
  func contains(_ manifest: Digest) -> Bool {
    var image = last
    while let current = image {
      if current.descriptor.digest == manifest { return true }
      image = current.outer.last
    }
    return false
  }
}
