/// How the content of blobs reaches the kernel.
public enum ReadMode: String, Sendable, CaseIterable {
  /// The kernel reads the store's files without the daemon, except short ones: `FUSE_PASSTHROUGH`. Root only, since Linux
  /// 6.9.
  case passthrough
  /// Pages of the store's files move to the kernel without a copy: `splice(2)`.
  case splice
  /// The daemon reads the content and writes it to the kernel.
  case copy
}
