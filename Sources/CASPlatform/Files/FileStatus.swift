import CLinux
import Glibc
package import SystemPackage

/// A time of a file, since 1970-01-01T00:00:00Z: `struct timespec`.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Whole seconds; negative before 1970.
  public var seconds: Int64
  /// The fraction in nanoseconds, 0 to 999,999,999.
  public var nanoseconds: UInt32

  /// Creates a time from its parts.
  public init(seconds: Int64, nanoseconds: UInt32) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// The current time: `clock_gettime(2)` with `CLOCK_REALTIME`.
  public static var now: Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(truncatingIfNeeded: time.tv_nsec))
  }

  /// The age in seconds; negative for a time in the future. It saturates, since a file can have any time.
  package var age: Int64 {
    let (age, overflows) = Timestamp.now.seconds.subtractingReportingOverflow(seconds)
    return overflows ? .max : age
  }

  /// Returns the time that is earlier by a number of seconds. It saturates.
  package func earlier(bySeconds count: Int64) -> Timestamp {
    let (earlier, overflows) = seconds.subtractingReportingOverflow(count)
    return overflows
      ? Timestamp(seconds: count < 0 ? .max : .min, nanoseconds: 0)
      : Timestamp(seconds: earlier, nanoseconds: nanoseconds)
  }

  /// Returns the time that is earlier by less than a second.
  package func earlier(byMilliseconds count: UInt32) -> Timestamp {
    let part = min(count, 999) * 1_000_000
    if part <= nanoseconds { return Timestamp(seconds: seconds, nanoseconds: nanoseconds - part) }
    let second = earlier(bySeconds: 1).seconds
    return Timestamp(seconds: second, nanoseconds: nanoseconds + 1_000_000_000 - part)
  }

  /// Whether the left time is earlier.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }
}

/// The identity of one state of one file. Any change of the content changes it, as long as the clock moved between two
/// changes of equal length.
package struct FileIdentity: Hashable, Sendable {
  /// The device of the file system: `st_dev`.
  package var device: UInt64
  /// The inode number.
  package var inode: UInt64
  /// The length in bytes.
  package var size: Int64
  /// The last change of the content: mtime.
  package var modified: Timestamp
  /// The last change of the inode: ctime, which only the kernel sets.
  package var changed: Timestamp
}

/// The metadata of a file: `statx(2)`.
package struct FileStatus: Sendable {
  /// The type of a file: `mode & S_IFMT`.
  package enum Kind: Sendable {
    /// A regular file.
    case regular
    /// A directory.
    case directory
    /// A symbolic link.
    case symbolicLink
    /// A FIFO, socket or device.
    case special
  }

  /// The type of the file.
  package var kind: Kind
  /// The permission bits, with set-id and sticky bits: `mode & 07777`.
  package var permissions: UInt32
  /// The number of hard links.
  package var links: UInt32
  /// The owner's user id.
  package var user: UInt32
  /// The owner's group id.
  package var group: UInt32
  /// The allocated space, in units of 512 bytes.
  package var blocks: Int64
  /// The last access, as far as the file system records it: atime.
  package var accessed: Timestamp
  /// Device, inode, size and times.
  package var identity: FileIdentity

  /// The length in bytes.
  package var size: Int64 { identity.size }
  /// The allocated space in bytes.
  package var allocatedSize: Int64 { blocks &* 512 }

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

/// The size and the free space of a file system: `statfs(2)`.
public struct FileSystemStatistics: Sendable {
  /// The unit of the block counts, in bytes.
  public var blockSize: UInt64
  /// The number of blocks.
  public var blocks: UInt64
  /// The number of free blocks.
  public var freeBlocks: UInt64
  /// The number of free blocks for an ordinary user.
  public var availableBlocks: UInt64
  /// The number of inodes.
  public var files: UInt64
  /// The number of free inodes.
  public var freeFiles: UInt64

  /// Creates statistics from their parts.
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
  /// Returns the metadata of the open file: `statx(2)`.
  package func status() throws(Errno) -> FileStatus {
    try status(of: "")
  }

  /// Returns the metadata of a name in this directory, without following a symbolic link: `statx(2)`.
  package func status(of name: String) throws(Errno) -> FileStatus {
    var status = casfs_status()
    _ = try retrying { unsafe casfs_status(rawValue, name, &status) }
    return FileStatus(status)
  }

  /// Whether the file system is one that only this machine writes, such as ext4, XFS, Btrfs, tmpfs or an overlay:
  /// `statfs(2)`.
  package func isOnLocalFileSystem() throws(Errno) -> Bool {
    // The magic numbers of ext4, XFS, Btrfs, tmpfs, F2FS, ZFS and overlayfs.
    let local: Set<Int64> = [
      0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0xF2F5_2010, 0x2FC1_2FC1, 0x794C_7630,
    ]
    var space = casfs_space()
    _ = try retrying { unsafe casfs_space(rawValue, &space) }
    return local.contains(space.type)
  }

  /// Whether the file system is overlayfs: `statfs(2)`.
  package func isOnOverlay() -> Bool {
    var space = casfs_space()
    return unsafe casfs_space(rawValue, &space) == 0 && space.type == 0x794C_7630
  }

  /// Returns the statistics of the file system: `statfs(2)`.
  package func space() throws(Errno) -> FileSystemStatistics {
    var space = casfs_space()
    _ = try retrying { unsafe casfs_space(rawValue, &space) }
    return FileSystemStatistics(
      blockSize: space.block_size, blocks: space.blocks, freeBlocks: space.free_blocks,
      availableBlocks: space.available_blocks, files: space.files, freeFiles: space.free_files)
  }

  /// Whether this process may write to the directory and its file system is mounted for writing: `faccessat(2)` with
  /// `W_OK`.
  package func isWritable() -> Bool {
    unsafe faccessat(rawValue, ".", W_OK, AT_EACCESS) == 0
  }
}
