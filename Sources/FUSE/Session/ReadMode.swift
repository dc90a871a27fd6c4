/// How the content of blobs reaches the kernel.
public enum ReadMode: String, Sendable, CaseIterable {
  /// The kernel reads the store's files by itself, but for short ones: `FUSE_PASSTHROUGH`. For root, since Linux 6.9.
  case passthrough
  /// Pages move from the store's files to the mount without being copied: `splice(2)`.
  case splice
  /// The daemon reads the content and hands it over.
  case copy
}
