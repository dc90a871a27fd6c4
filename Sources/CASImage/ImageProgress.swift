public import OCI

/// How far an image is that is being opened.
public struct ImageProgress: Sendable {
  /// The digest of the manifest.
  public var manifest: Digest
  /// The number of bytes of layers that are read.
  public var done: Int64
  /// The number of bytes of all layers.
  public var total: Int64
}
