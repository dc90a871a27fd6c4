import CAS
import CASPlatform
import OCI

/// Lengths of blobs, for a registry that does not tell them.
extension Repository {
  /// Remembers the lengths that a manifest states.
  func rememberSizes(in content: [UInt8], _ mediaType: String) {
    if let manifest = try? Manifest(parsing: content, mediaType: mediaType) {
      knownContent.rememberSizes(in: manifest)
    }
  }

  /// Remembers the lengths in a cached manifest, once.
  func rememberSizes(in file: BlobFile, _ digest: Digest, _ entry: KnownContent.Entry) {
    guard let mediaType = entry.mediaType, file.info.size <= Manifest.maximumSize,
      knownContent.isFirstReading(of: digest)
    else { return }
    let size = Int(file.info.size)
    var content = [UInt8](repeating: 0, count: size)
    var span = content.mutableSpan
    guard (try? file.file.read(into: &span, at: file.offset, limit: size)) == size else { return }
    rememberSizes(in: content, mediaType)
  }

  /// The length of a blob that no header tells: that of its content.
  func downloadedSize(
    of digest: Digest, from client: RegistryClient, _ context: OperationContext
  ) throws(CASError) -> Int64 {
    let pinned = try download(digest, nil, from: client, context)
    defer { withExtendedLifetime(pinned) {} }
    guard let size = cache.info(digest)?.size else {
      throw client.malformedResponse(context, "registry does not say how long the blob is")
    }
    return size
  }
}
