package import CAS
package import OCI

/// Content, compressed as a whole, that a ``LayerContent`` reads from any place: a layer, or an archive.
package protocol ContentSource: Sendable {
  /// The name of the content's index in a cache.
  var key: Digest { get }

  /// Returns the context of reading the content.
  func context(_ cancellation: CancellationToken) -> OperationContext

  /// Opens the stored content. It need not be hashed: each decoded piece is compared with a digest of its own.
  func open(_ cancellation: CancellationToken) throws(CASError) -> any BlobReader

  /// Reads the content from its start to its end, and returns its index.
  func scan(_ cancellation: CancellationToken) throws(CASError) -> LayerIndex
}
