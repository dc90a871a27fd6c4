public import OCI

extension Engine {
  /// Returns a descriptor for a stored blob, with its size and its media type.
  ///
  /// The media type is the first of these: the blob's own `mediaType`; that of an index entry with the same digest; by its
  /// members, an index (`manifests`) or a manifest (`config` and `layers`); `application/octet-stream`.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notFound`` if the blob is not stored.
  public func descriptor(for digest: Digest, cancellation: CancellationToken = .none) throws(CASError) -> Descriptor {
    let size = try blobInfo(digest, cancellation: cancellation).size
    var content: JSON?
    if size <= Manifest.maximumSize {
      let bytes = try blobContents(digest, limit: Manifest.maximumSize, cancellation: cancellation)
      content = try? JSON(parsing: bytes)
    }
    if let stated = content?["mediaType"]?.text, !stated.isEmpty {
      return Descriptor(mediaType: stated, digest: digest, size: size)
    }
    let known = try readableIndex(cancellation: cancellation).index.descriptor(of: digest)
    let mediaType = known?.mediaType ?? content.flatMap(MediaType.ofContent) ?? MediaType.octetStream
    return Descriptor(mediaType: mediaType, digest: digest, size: size)
  }
}
