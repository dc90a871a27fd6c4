/// The media types this library looks at (image-spec, `media-types.md`; Docker's registry documentation).
public enum MediaType {
  /// An OCI image index.
  public static let imageIndex = "application/vnd.oci.image.index.v1+json"
  /// An OCI image manifest.
  public static let imageManifest = "application/vnd.oci.image.manifest.v1+json"
  /// Docker's manifest list.
  public static let dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
  /// Docker's image manifest, schema 2.
  public static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
  /// Content nothing is known about.
  public static let octetStream = "application/octet-stream"

  /// What content says of its own type, as far as it is a manifest or an index: its `mediaType`; else an index when
  /// it has `manifests`, a manifest when it has `config` and `layers`.
  public static func ofContent(_ value: JSON) -> String? {
    if let type = value["mediaType"]?.text, !type.isEmpty { return type }
    if value["manifests"] != nil { return imageIndex }
    if value["config"] != nil, value["layers"] != nil { return imageManifest }
    return nil
  }
}
