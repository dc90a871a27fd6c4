public import CASPlatform

/// The flags of `open(2)` that concern the tree.
public struct OpenRequest: Sendable {
  /// Whether the file is opened for writing: `O_WRONLY`, `O_RDWR`.
  public var isWriting: Bool
  /// Whether the file is truncated: `O_TRUNC`.
  public var isTruncating: Bool

  /// Whether the file can be changed by the open or through it: also `O_RDONLY | O_TRUNC` changes it.
  var isChanging: Bool { isWriting || isTruncating }

  /// Makes a request of its parts.
  public init(isWriting: Bool, isTruncating: Bool = false) {
    self.isWriting = isWriting
    self.isTruncating = isTruncating
  }
}

/// The result of an open: `struct fuse_file_info`.
public struct OpenedFile: Sendable {
  /// The handle, until it is released.
  public var handle: HandleID
  /// How the kernel may cache the content.
  public var cachePolicy: CachePolicy
  /// A file with the same content at the same offsets, which the kernel may read itself.
  public var backing: BackingFile?
  /// Whether the kernel need not send FLUSH: `noflush`.
  public var ignoresFlush: Bool
}

/// How the kernel may cache the content of an open file.
public enum CachePolicy: Sendable {
  /// The content is cached, and cached pages stay valid: `FOPEN_KEEP_CACHE`.
  case keepCache
  /// The content is cached, and cached pages are dropped at the open.
  case invalidate
  /// The content is not cached, but can be mapped: `FOPEN_DIRECT_IO` with `FUSE_DIRECT_IO_ALLOW_MMAP`.
  case directIOMappable
  /// The content is not cached, because its length is known only at the open, or every open is verified:
  /// `FOPEN_DIRECT_IO`.
  case directIO
}

/// The result of a read.
public enum ReadResult: Sendable {
  /// Bytes in memory.
  case bytes([UInt8])
  /// A range of a file, which can be spliced without a copy.
  case file(OpenFile, offset: Int64, count: Int)
}
