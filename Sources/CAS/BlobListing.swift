public import OCI

/// A listing of the blobs of a store. Only one thread at a time may use it.
public protocol BlobListing: AnyObject {
  /// Returns the next digests; an empty array after the last. Entries of the store that are not digests are skipped.
  func nextBatch() throws(CASError) -> [Digest]

  /// The reason why the listing lacks blobs, known after the last digest: a reference or manifest that is there and cannot
  /// be read. `nil` if it lacks none.
  var failure: CASError? { get }
}

extension BlobListing {
  /// `nil`: the listing is complete.
  public var failure: CASError? { nil }
}

/// A listing of digests that are all in memory.
public final class ArrayListing: BlobListing {
  private static let batchSize = 1024
  private var rest: ArraySlice<Digest>

  /// Creates a listing of these digests, in their order.
  public init(_ digests: [Digest]) {
    rest = digests[...]
  }

  /// Returns the next 1024 digests; an empty array after the last.
  public func nextBatch() -> [Digest] {
    defer { rest = rest.dropFirst(Self.batchSize) }
    return Array(rest.prefix(Self.batchSize))
  }
}
