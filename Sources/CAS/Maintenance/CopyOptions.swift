/// The extent of a copy of an image.
public struct CopyOptions: Hashable, Sendable {
  /// Whether content that an index or its manifests refer to may be absent. The stored part is copied.
  public var isSparse: Bool
  /// Whether manifests that refer to the image by `subject`, and Cosign's tags of it, are copied, with what refers to them.
  public var includesReferrers: Bool

  /// Creates options; by default an image is copied completely, without its referrers.
  public init(isSparse: Bool = false, includesReferrers: Bool = false) {
    self.isSparse = isSparse
    self.includesReferrers = includesReferrers
  }
}

/// The error behind ``CASError/Code-swift.struct/notFound`` of a copy: content of an image index is absent, as in an
/// archive with one of several platforms. A copy of one image of the index, or a sparse one, may succeed.
public struct IncompleteIndexError: Error, Hashable, Sendable {}
