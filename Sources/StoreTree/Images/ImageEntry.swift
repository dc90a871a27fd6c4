import CAS
import CASPlatform
import OCI
import SystemPackage

/// The node of a descriptor in `images`: a directory for a manifest or an index; else a link to the blob, or a file with
/// the content that the descriptor embeds, if the blob is not stored.
struct ImageEntry {
  private let shared: TreeContext
  private let path: [FileName]
  private let descriptor: Descriptor
  private let lineage: ImageLineage

  init(
    _ shared: TreeContext, path: [FileName], _ descriptor: Descriptor, _ lineage: ImageLineage = ImageLineage()
  ) {
    self.lineage = lineage
    self.shared = shared
    self.path = path
    self.descriptor = descriptor
  }

  /// The node of an entry of an index.
  func node(_ context: RequestContext) throws(Errno) -> any Node {
    if isManifest(context) { return ImageDirectory(shared, path: path, descriptor, lineage) }
    return try part(context)
  }

  /// The node of content that is not a manifest, such as a layer.
  func part(_ context: RequestContext) throws(Errno) -> any Node {
    if descriptor.json["data"] != nil, let content = try? descriptor.embeddedContent(),
      try !shared.isStored(descriptor.digest, context)
    {
      return EmbeddedFile(shared, path: path, descriptor.digest, content)
    }
    return BlobLink(shared, path: path, descriptor.digest)
  }

  /// Whether the content is a manifest or an index, or cannot be read. The media type tells it, or else, of JSON and
  /// content of an unknown type, the content.
  private func isManifest(_ context: RequestContext) -> Bool {
    let type = descriptor.mediaType
    if Manifest.kind(of: type) != nil { return true }
    guard type == MediaType.octetStream || type.hasSuffix("json") else { return false }
    // Listing an index of a registry must not read every entry.
    if shared.remote != nil { return true }
    return !ImageDirectory(shared, path: path, descriptor).isKnownNotToBeManifest(context)
  }
}
