import CAS
import CASPlatform
import CFUSE
import CLinux
import Glibc
import StoreTree

extension fuse_entry_param {
  init(_ entry: Entry) {
    self.init()
    ino = entry.node.rawValue
    attr = stat(entry.attributes)
    attr_timeout = Double(seconds: entry.attributes.attributeTimeout)
    entry_timeout = Double(seconds: entry.entryTimeout)
  }
}

extension fuse_file_info {
  /// - Parameter mapsDirectIO: whether the kernel granted FUSE_DIRECT_IO_ALLOW_MMAP.
  init(_ file: OpenedFile, mapsDirectIO: Bool) {
    self.init()
    fh = file.handle
    switch file.cachePolicy {
    case .keepCache: keep_cache = 1
    case .invalidate: break
    case .directIOMappable: direct_io = mapsDirectIO ? 1 : 0
    case .directIO: direct_io = 1
    }
    noflush = file.ignoresFlush ? 1 : 0
  }
}

extension casfs_fuse_open_out {
  /// The reply to FUSE_OPEN of a file that the kernel reads by itself, which libfuse 3.14 has no call for.
  init(_ file: OpenedFile, backing id: Int32) {
    self.init()
    fh = file.handle
    open_flags = UInt32(FOPEN_PASSTHROUGH) | (file.ignoresFlush ? UInt32(FOPEN_NOFLUSH) : 0)
    backing_id = id
  }
}

extension Double {
  /// A duration in seconds, as libfuse takes timeouts.
  init(seconds duration: Duration) {
    // The conversion of all attoseconds, an Int128, takes longer than the rest of a reply.
    let parts = duration.components
    self = Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }
}

extension NodeKind {
  var mode: UInt32 {
    switch self {
    case .file: UInt32(Glibc.S_IFREG)
    case .directory: UInt32(Glibc.S_IFDIR)
    case .link: UInt32(Glibc.S_IFLNK)
    case .characterDevice: UInt32(Glibc.S_IFCHR)
    case .blockDevice: UInt32(Glibc.S_IFBLK)
    case .fifo: UInt32(Glibc.S_IFIFO)
    }
  }
}

extension stat {
  init(_ attributes: Attributes) {
    self.init()
    st_ino = UInt(attributes.inode)
    st_mode = attributes.kind.mode | attributes.permissions & 0o7777
    st_nlink = UInt(attributes.links)
    st_uid = attributes.user
    st_gid = attributes.group
    // The form of the kernel: `new_encode_dev`, 12 bits and 20 bits.
    let (major, minor) = attributes.device
    st_rdev = UInt(minor & 0xFF | (major & 0xFFF) << 8 | (minor & 0xFFF00) << 12)
    st_size = Int(attributes.size)
    st_blksize = 1 << 20
    let allocated = attributes.allocatedSize ?? attributes.size
    st_blocks = Int((allocated >> 9) + (allocated & 511 == 0 ? 0 : 1))
    st_atim = timespec(attributes.accessed)
    st_mtim = timespec(attributes.modified)
    st_ctim = timespec(attributes.changed)
  }
}

extension timespec {
  init(_ time: Timestamp) {
    self.init(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
  }
}

extension Timestamp {
  init(_ time: timespec) {
    self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(clamping: min(max(time.tv_nsec, 0), 999_999_999)))
  }
}

extension statvfs {
  init(_ space: FileSystemStatistics) {
    self.init()
    f_bsize = UInt(space.blockSize)
    f_frsize = UInt(space.blockSize)
    f_blocks = UInt(space.blocks)
    f_bfree = UInt(space.freeBlocks)
    f_bavail = UInt(space.availableBlocks)
    f_files = UInt(space.files)
    f_ffree = UInt(space.freeFiles)
    f_favail = UInt(space.freeFiles)
    f_namemax = UInt(PathLimits.name)
  }
}

extension AttributeChanges {
  /// Reads the fields of FUSE_SETATTR that `set` selects.
  init(_ status: stat, _ set: Int32) {
    self.init()
    if set & FUSE_SET_ATTR_MODE != 0 { permissions = status.st_mode & 0o7777 }
    if set & FUSE_SET_ATTR_UID != 0 { user = status.st_uid }
    if set & FUSE_SET_ATTR_GID != 0 { group = status.st_gid }
    if set & FUSE_SET_ATTR_SIZE != 0 { size = Int64(status.st_size) }
    if set & FUSE_SET_ATTR_ATIME_NOW != 0 {
      accessed = .now
    } else if set & FUSE_SET_ATTR_ATIME != 0 {
      accessed = Timestamp(status.st_atim)
    }
    if set & FUSE_SET_ATTR_MTIME_NOW != 0 {
      modified = .now
    } else if set & FUSE_SET_ATTR_MTIME != 0 {
      modified = Timestamp(status.st_mtim)
    }
  }
}
