/// A Docker image manifest of schema 1, signed or not (distribution, `manifest-v2-1.md`). It lists its layers by digest
/// alone, and contains its configuration.
public struct SchemaOneManifest: Sendable {
  /// The media types of such manifests.
  public static let mediaTypes: Set<String> = [
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
  ]
  /// The member with the layers, which no other type of manifest has.
  public static let layersMember = "fsLayers"

  /// The layers, each once, the topmost first.
  public private(set) var layers: [Digest] = []
  /// The layers with digests of unsupported algorithms.
  public private(set) var foreignLayers: [ForeignDescriptor] = []

  /// Reads a manifest.
  ///
  /// - Throws: ``InvalidValue`` if a layer is malformed.
  public init(_ value: JSON) throws(InvalidValue) {
    guard case .array(let elements) = value[Self.layersMember] else {
      throw InvalidValue("not an array: \(Self.layersMember)")
    }
    var seen: Set<Digest> = []
    for element in elements {
      guard let text = element["blobSum"]?.text else { throw InvalidValue("layer without blobSum") }
      if let foreign = ForeignDescriptor(digest: text) {
        foreignLayers.append(foreign)
        continue
      }
      let digest = try Digest(text)
      // An empty layer is listed once for each build step that changed no file.
      if seen.insert(digest).inserted { layers.append(digest) }
    }
  }
}
