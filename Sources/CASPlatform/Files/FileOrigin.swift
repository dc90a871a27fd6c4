import CLinux
package import SystemPackage

/// The facts beyond ``FileIdentity`` that tell a file from one with the same numbers on another disk, or from one that had
/// its inode number before. A number is 0 where the file system has none.
package struct FileOrigin: Hashable, Sendable {
  /// The type of the file system: `f_type` of `statfs(2)`.
  package var type: Int64
  /// The number of the file system: `f_fsid` of `statfs(2)`. Btrfs gives each subvolume one.
  package var fileSystem: UInt64
  /// The first half of the file system's UUID: `FS_IOC_GETFSUUID`, since Linux 6.9.
  package var uuidHigh: UInt64
  /// The second half.
  package var uuidLow: UInt64
  /// The generation of the inode number: `FS_IOC_GETVERSION`.
  package var generation: UInt64
  /// The creation of the file: btime of `statx(2)`.
  package var birth: Timestamp

  /// Creates an origin from its parts.
  package init(
    type: Int64, fileSystem: UInt64, uuidHigh: UInt64 = 0, uuidLow: UInt64 = 0, generation: UInt64 = 0,
    birth: Timestamp = Timestamp(seconds: 0, nanoseconds: 0)
  ) {
    self.type = type
    self.fileSystem = fileSystem
    self.uuidHigh = uuidHigh
    self.uuidLow = uuidLow
    self.generation = generation
    self.birth = birth
  }

  /// Whether inode numbers and times stay the same across mounts, and every change of a file sets its change time: ext4,
  /// XFS and Btrfs.
  package var isStable: Bool { [0xEF53, 0x5846_5342, 0x9123_683E].contains(type) }
}

extension OpenFile {
  /// Returns the origin of the open file: `statfs(2)`, `statx(2)`, `ioctl(2)`.
  package func origin() throws(Errno) -> FileOrigin {
    var origin = casfs_origin()
    _ = try retrying { unsafe casfs_origin(rawValue, &origin) }
    return FileOrigin(
      type: origin.type, fileSystem: origin.file_system, uuidHigh: origin.uuid_high, uuidLow: origin.uuid_low,
      generation: origin.generation,
      birth: Timestamp(seconds: origin.birth_seconds, nanoseconds: origin.birth_nanoseconds))
  }
}
