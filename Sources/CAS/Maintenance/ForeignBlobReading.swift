package import OCI

/// A store that can contain blobs with digests of unsupported algorithms, and reads them without verification.
package protocol ForeignBlobReading: Engine {
  /// Returns the unverified content; `nil` if it is not stored, or if it exceeds the limit and is not a manifest by its
  /// media type.
  func contents(
    of descriptor: ForeignDescriptor, limit: Int, cancellation: CancellationToken
  ) throws(CASError) -> [UInt8]?
}
