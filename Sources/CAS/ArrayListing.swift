public import OCI

/// A walk over digests that are all known when it begins.
public final class ArrayListing: BlobListing {
  private static let batchSize = 1024
  private var rest: ArraySlice<Digest>

  /// Walks over these.
  public init(_ digests: [Digest]) {
    rest = digests[...]
  }

  /// The next of them; none after the last.
  public func nextBatch() -> [Digest] {
    defer { rest = rest.dropFirst(Self.batchSize) }
    return Array(rest.prefix(Self.batchSize))
  }
}
