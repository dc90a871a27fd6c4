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

  /// Opens the file that has the stored content, which need not be hashed either.
  ///
  /// - Returns: `nil` if none has it.
  func openFile(_ cancellation: CancellationToken) throws(CASError) -> ContentFile?

  /// Reads the content from its start to its end, and returns its index.
  func scan(_ cancellation: CancellationToken) throws(CASError) -> LayerIndex
}

extension ContentSource {
  package func openFile(_ cancellation: CancellationToken) throws(CASError) -> ContentFile? { nil }
}

/// A file that has stored content.
package struct ContentFile: Sendable {
  /// The place of the content, and the state of the file.
  var blob: BlobFile
  /// Whether the file has the content in this state, as the store says.
  var isVerified: Bool
  /// The store.
  let engine: any FileBackedEngine

  /// The state of the file now; `nil` if it cannot be told.
  var version: UInt64? { (try? engine.info(of: blob))?.version }
}
