public import CAS
public import CASPlatform
import Synchronization

/// The number by which the kernel knows a node while it remembers it: FUSE's `nodeid`.
public struct NodeID: Hashable, Sendable {
  /// The number.
  public let rawValue: UInt64

  /// Takes a number the kernel sent.
  public init(_ rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// The mount's own directory: `FUSE_ROOT_ID`.
  public static let root = NodeID(1)
}

/// The number of an open file or directory: FUSE's `fh`.
public typealias HandleID = UInt64

/// What a name stands for.
public enum NodeKind: Sendable {
  /// A regular file.
  case file
  /// A directory.
  case directory
  /// A symbolic link.
  case link
}

/// What `stat(2)` tells of a node.
public struct Attributes: Sendable {
  /// The inode number.
  public var inode: UInt64
  /// What it is.
  public var kind: NodeKind
  /// The permission bits.
  public var permissions: UInt32
  /// How many names it has.
  public var links: UInt32 = 1
  /// The owner's user id.
  public var user: UInt32
  /// The owner's group id.
  public var group: UInt32
  /// The length in bytes.
  public var size: Int64
  /// When it was last read.
  public var accessed: Timestamp
  /// When its content was last changed.
  public var modified: Timestamp
  /// When anything about it was last changed.
  public var changed: Timestamp
  /// How long the kernel may keep these attributes, in seconds.
  public var validity: Double
}

/// What a lookup found.
public struct Entry: Sendable {
  /// The node, remembered once more on the kernel's behalf until it is forgotten.
  public var node: NodeID
  /// Its attributes.
  public var attributes: Attributes
  /// How long the kernel may keep the name, in seconds.
  public var validity: Double
}

/// One entry of a directory.
public struct DirectoryEntry: Sendable {
  /// The name.
  public var name: String
  /// The inode number.
  public var inode: UInt64
  /// What it is.
  public var kind: NodeKind
}

/// Who asks, and how the one that answers may take its time.
public struct RequestContext: Sendable {
  /// The caller's user id.
  public var user: UInt32
  /// The caller's group id.
  public var group: UInt32
  /// The caller's thread id; 0 when the caller is in a pid namespace that cannot be seen.
  public var thread: Int32
  /// The caller's file mode creation mask.
  public var umask: UInt32
  /// Called before anything that may take long, so that others are answered meanwhile.
  public var willBlock: @Sendable () -> Void
  /// Cancelled when the caller gives up.
  public var cancellation: CancellationToken

  /// Makes a context of its parts.
  public init(
    user: UInt32, group: UInt32, thread: Int32, umask: UInt32 = 0, willBlock: @escaping @Sendable () -> Void = {},
    cancellation: CancellationToken = .none
  ) {
    self.user = user
    self.group = group
    self.thread = thread
    self.umask = umask
    self.willBlock = willBlock
    self.cancellation = cancellation
  }
}

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

/// A file of the store that the kernel can read without the daemon.
public final class BackingFile: Sendable {
  /// The file.
  public let file: OpenFile
  /// Kept with the file, so that a blob that is reopened while it is cached keeps its id.
  private let id = Mutex<BackingID?>(nil)

  init(_ file: OpenFile) {
    self.file = file
  }

  /// The file's id, registered at the first use.
  ///
  /// - Parameter register: registers the file with the kernel; `nil` if the kernel refuses it, until the next call.
  public func id(registering register: (OpenFile) -> BackingID?) -> BackingID? {
    id.withLock { id in
      if id == nil { id = register(file) }
      return id
    }
  }
}

/// The number by which the kernel knows a file that it reads without the daemon: FUSE's `backing_id`. Closed with its
/// last reference.
public final class BackingID: Sendable {
  /// The number.
  public let rawValue: Int32
  private let close: @Sendable (Int32) -> Void

  /// Takes over a number.
  ///
  /// - Parameter close: releases it in the kernel.
  public init(_ rawValue: Int32, closingWith close: @escaping @Sendable (Int32) -> Void) {
    self.rawValue = rawValue
    self.close = close
  }

  deinit {
    close(rawValue)
  }
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

/// Attributes to set; what is `nil` stays.
public struct AttributeChanges: Sendable {
  /// The permission bits.
  public var permissions: UInt32?
  /// The owner's user id.
  public var user: UInt32?
  /// The owner's group id.
  public var group: UInt32?
  /// The length in bytes.
  public var size: Int64?
  /// When it was last read.
  public var accessed: Timestamp?
  /// When its content was last changed.
  public var modified: Timestamp?

  /// Changes nothing yet.
  public init() {}
}
