import OCI

extension Engine {
  /// Returns the content of a blob that may be a manifest; `nil` if it is absent, longer than a manifest, or not a file.
  func manifestContents(_ digest: Digest, _ cancellation: CancellationToken) throws(CASError) -> [UInt8]? {
    do throws(CASError) {
      return try blobContents(digest, limit: Manifest.maximumSize, cancellation: cancellation)
    } catch {
      guard error.code == .notFound || error.code == .invalid else { throw error }
      return nil
    }
  }
}
