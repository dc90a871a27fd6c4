import CLinux
import Glibc
public import SystemPackage

/// A moment as file systems keep it, since 1970-01-01T00:00:00Z: `struct timespec`.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Whole seconds; negative before 1970.
  public var seconds: Int64
  /// The rest, 0 to 999,999,999.
  public var nanoseconds: UInt32

  /// Makes a moment of its parts.
  public init(seconds: Int64, nanoseconds: UInt32) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// The present: `clock_gettime(CLOCK_REALTIME)`.
  public static var now: Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(truncatingIfNeeded: time.tv_nsec))
  }

  /// How many seconds ago it was, negative when it is to come. Files can have any time, so this may be the last number.
  public var age: Int64 {
    let (age, overflows) = Timestamp.now.seconds.subtractingReportingOverflow(seconds)
    return overflows ? .max : age
  }

  /// The moment so many seconds before this one, or the first there is.
  public func earlier(bySeconds count: Int64) -> Timestamp {
    let (earlier, overflows) = seconds.subtractingReportingOverflow(count)
    return overflows
      ? Timestamp(seconds: count < 0 ? .max : .min, nanoseconds: 0)
      : Timestamp(seconds: earlier, nanoseconds: nanoseconds)
  }

  /// Whether the left is earlier.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }
}

/// What tells one state of one file from every other: a change of its content changes this.
public struct FileIdentity: Hashable, Sendable {
  /// The device the file is on.
  public var device: UInt64
  /// Its inode there.
  public var inode: UInt64
  /// Its length in bytes.
  public var size: Int64
  /// When its content was last changed.
  public var modified: Timestamp
  /// When its inode was last changed; the kernel alone sets it.
  public var changed: Timestamp
}

/// What the system knows about a file: `statx(2)`.
public struct FileStatus: Sendable {
  /// What kind of thing a name stands for.
  public enum Kind: Sendable {
    /// A file with bytes.
    case regular
    /// A directory.
    case directory
    /// A symbolic link.
    case symbolicLink
    /// A FIFO, socket or device.
    case special
  }

  /// What kind it is.
  public var kind: Kind
  /// The permission bits, with set-id and sticky bits: `mode & 07777`.
  public var permissions: UInt32
  /// How many names it has.
  public var links: UInt32
  /// The owner's user id.
  public var user: UInt32
  /// The owner's group id.
  public var group: UInt32
  /// The space it takes, in units of 512 bytes.
  public var blocks: Int64
  /// When it was last read, as far as the file system notes that.
  public var accessed: Timestamp
  /// Device, inode, size and times.
  public var identity: FileIdentity

  /// The length in bytes.
  public var size: Int64 { identity.size }

  init(_ status: casfs_status) {
    switch status.mode & UInt32(S_IFMT) {
    case UInt32(S_IFREG): kind = .regular
    case UInt32(S_IFDIR): kind = .directory
    case UInt32(S_IFLNK): kind = .symbolicLink
    default: kind = .special
    }
    permissions = status.mode & 0o7777
    links = status.links
    user = status.user
    group = status.group
    blocks = status.blocks
    accessed = Timestamp(seconds: status.accessed_seconds, nanoseconds: status.accessed_nanoseconds)
    identity = FileIdentity(
      device: status.device, inode: status.inode, size: status.size,
      modified: Timestamp(seconds: status.modified_seconds, nanoseconds: status.modified_nanoseconds),
      changed: Timestamp(seconds: status.changed_seconds, nanoseconds: status.changed_nanoseconds))
  }
}

/// What the system knows about a file system: `statfs(2)`.
public struct FileSystemStatistics: Sendable {
  /// The unit of the block counts, in bytes.
  public var blockSize: UInt64
  /// All blocks.
  public var blocks: UInt64
  /// Blocks nothing uses.
  public var freeBlocks: UInt64
  /// Blocks an ordinary user may still use.
  public var availableBlocks: UInt64
  /// All inodes.
  public var files: UInt64
  /// Inodes nothing uses.
  public var freeFiles: UInt64

  /// Makes a status of its parts.
  public init(
    blockSize: UInt64, blocks: UInt64, freeBlocks: UInt64, availableBlocks: UInt64, files: UInt64, freeFiles: UInt64
  ) {
    self.blockSize = blockSize
    self.blocks = blocks
    self.freeBlocks = freeBlocks
    self.availableBlocks = availableBlocks
    self.files = files
    self.freeFiles = freeFiles
  }
}

extension OpenFile {
  /// The status of the open file itself.
  public func status() throws(Errno) -> FileStatus {
    try status(of: "")
  }

  /// The status of a name in this directory, of a link itself and not of what it points to.
  public func status(of name: String) throws(Errno) -> FileStatus {
    var status = casfs_status()
    _ = try retrying { unsafe casfs_status(rawValue, name, &status) }
    return FileStatus(status)
  }

  /// Whether the file system is one that only this machine writes, as ext4, XFS, Btrfs, tmpfs and overlays of them.
  public func isOnLocalFileSystem() throws(Errno) -> Bool {
    // The magic numbers of ext4, xfs, btrfs, tmpfs, f2fs, zfs and overlay: `statfs(2)`.
    let local: Set<Int64> = [
      0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0xF2F5_2010, 0x2FC1_2FC1, 0x794C_7630,
    ]
    var space = casfs_space()
    _ = try retrying { unsafe casfs_space(rawValue, &space) }
    return local.contains(space.type)
  }

  /// Whether the file system is overlayfs.
  public func isOnOverlay() -> Bool {
    var space = casfs_space()
    return unsafe casfs_space(rawValue, &space) == 0 && space.type == 0x794C_7630
  }

  /// The file system the open file is on.
  public func space() throws(Errno) -> FileSystemStatistics {
    var space = casfs_space()
    _ = try retrying { unsafe casfs_space(rawValue, &space) }
    return FileSystemStatistics(
      blockSize: space.block_size, blocks: space.blocks, freeBlocks: space.free_blocks,
      availableBlocks: space.available_blocks, files: space.files, freeFiles: space.free_files)
  }

  /// Whether the file system below is mounted read-only or this process may not write to the directory:
  /// `faccessat(2)` with `W_OK`.
  public func isWritable() -> Bool {
    unsafe faccessat(rawValue, ".", W_OK, AT_EACCESS) == 0
  }
}
