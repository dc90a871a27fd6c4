/// The media types that this library interprets (image-spec, `media-types.md`; Docker's registry documentation).
public enum MediaType {
  /// An OCI image index.
  public static let imageIndex = "application/vnd.oci.image.index.v1+json"
  /// An OCI image manifest.
  public static let imageManifest = "application/vnd.oci.image.manifest.v1+json"
  /// The configuration of an OCI image.
  package static let imageConfig = "application/vnd.oci.image.config.v1+json"
  /// A layer of an OCI image that is not compressed.
  package static let imageLayer = "application/vnd.oci.image.layer.v1.tar"
  /// Docker's manifest list.
  public static let dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
  /// Docker's image manifest, schema 2.
  public static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
  /// Content of an unknown type.
  public static let octetStream = "application/octet-stream"

  /// The types that most descriptors of a store have.
  private static let common = [
    imageManifest, imageIndex, imageConfig, imageLayer + "+gzip", imageLayer + "+zstd", imageLayer, dockerManifest,
    dockerManifestList, "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar.gzip", octetStream,
  ]

  /// Returns the same text; if it is a common type, without memory of its own.
  static func shared(_ type: String) -> String { common.first { $0.sameBytes(as: type) } ?? type }

  /// Returns the media type that content has by its members: its `mediaType`; an index if it has `manifests`; a manifest if
  /// it has `config` and `layers`; otherwise `nil`. A member that is `null` counts only if no other decides.
  package static func ofContent(_ value: JSON) -> String? {
    if let type = value["mediaType"]?.text, !type.isEmpty { return type }
    func has(_ name: String) -> Bool { (value[name] ?? .null) != .null }
    if has("manifests") { return imageIndex }
    if has("config"), value["layers"] != nil { return imageManifest }
    return value["manifests"] == nil ? nil : imageIndex
  }
}
