public import CASPlatform

/// How a file is opened: the part of `open(2)`'s flags that matters here.
public struct OpenRequest: Sendable {
  /// Whether it may be written.
  public var isWriting: Bool
  /// Whether its content is cut to nothing first.
  public var isTruncating: Bool

  /// Makes a request of its parts.
  public init(isWriting: Bool, isTruncating: Bool = false) {
    self.isWriting = isWriting
    self.isTruncating = isTruncating
  }
}

/// An open file, and how the kernel may treat it.
public struct OpenedFile: Sendable {
  /// The handle, to be released.
  public var handle: HandleID
  /// Whether the kernel may cache it.
  public var cachePolicy: CachePolicy
  /// A file that has the same content at the same place, for the kernel to read by itself if it can.
  public var backing: BackingFile?
  /// Whether closing it needs no answer.
  public var ignoresFlush: Bool
}

/// How the kernel may cache an open file.
public enum CachePolicy: Sendable {
  /// What it has cached is still right.
  case keepCache
  /// It may be cached, but what is cached is not right any more.
  case invalidate
  /// It is better not cached, but it may be mapped into memory.
  case directIOMappable
  /// It must not be cached, because its length is known only when it is opened, or because the store is not trusted.
  case directIO
}

/// What is read of a file.
public enum ReadResult: Sendable {
  /// These bytes.
  case bytes([UInt8])
  /// So many bytes of another file from an offset, which need not be copied through here.
  case file(OpenFile, offset: Int64, count: Int)
}
