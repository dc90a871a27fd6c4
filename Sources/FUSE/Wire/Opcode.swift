import CLinux

/// The operation of a request: `enum fuse_opcode` of `<linux/fuse.h>`, up to protocol 7.39.
package enum Opcode: UInt32, CaseIterable, Sendable {
  case lookup = 1
  case forget = 2
  case getattr = 3
  case setattr = 4
  case readlink = 5
  case symlink = 6
  case mknod = 8
  case mkdir = 9
  case unlink = 10
  case rmdir = 11
  case rename = 12
  case link = 13
  case open = 14
  case read = 15
  case write = 16
  case statfs = 17
  case release = 18
  case fsync = 20
  case setxattr = 21
  case getxattr = 22
  case listxattr = 23
  case removexattr = 24
  case flush = 25
  case initialize = 26
  case opendir = 27
  case readdir = 28
  case releasedir = 29
  case fsyncdir = 30
  case getlk = 31
  case setlk = 32
  case setlkw = 33
  case access = 34
  case create = 35
  case interrupt = 36
  case bmap = 37
  case destroy = 38
  case ioctl = 39
  case poll = 40
  case notifyReply = 41
  case batchForget = 42
  case fallocate = 43
  case readdirplus = 44
  case rename2 = 45
  case lseek = 46
  case copyFileRange = 47
  case setupMapping = 48
  case removeMapping = 49
  case syncfs = 50
  case tmpfile = 51
  case statx = 52

  /// The size in bytes of the struct that follows the header.
  ///
  /// `fuse_init_in` and `fuse_setxattr_in` count without what only a negotiated flag appends.
  var bodySize: Int {
    switch self {
    case .readlink, .statfs, .destroy, .lookup, .unlink, .rmdir, .removexattr, .symlink: 0
    case .forget: MemoryLayout<fuse_forget_in>.size
    case .batchForget: MemoryLayout<fuse_batch_forget_in>.size
    case .getattr: MemoryLayout<fuse_getattr_in>.size
    case .setattr: MemoryLayout<fuse_setattr_in>.size
    case .mknod: MemoryLayout<fuse_mknod_in>.size
    case .mkdir: MemoryLayout<fuse_mkdir_in>.size
    case .rename: MemoryLayout<fuse_rename_in>.size
    case .rename2: MemoryLayout<fuse_rename2_in>.size
    case .link: MemoryLayout<fuse_link_in>.size
    case .open, .opendir: MemoryLayout<fuse_open_in>.size
    case .create, .tmpfile: MemoryLayout<fuse_create_in>.size
    case .read, .readdir, .readdirplus: MemoryLayout<fuse_read_in>.size
    case .write: MemoryLayout<fuse_write_in>.size
    case .release, .releasedir: MemoryLayout<fuse_release_in>.size
    case .flush: MemoryLayout<fuse_flush_in>.size
    case .fsync, .fsyncdir: MemoryLayout<fuse_fsync_in>.size
    case .setxattr: MemoryLayout<casfs_fuse_compat_setxattr_in>.size
    case .getxattr, .listxattr: MemoryLayout<fuse_getxattr_in>.size
    case .access: MemoryLayout<fuse_access_in>.size
    case .initialize: MemoryLayout<casfs_fuse_compat_init_in>.size
    case .getlk, .setlk, .setlkw: MemoryLayout<fuse_lk_in>.size
    case .interrupt: MemoryLayout<fuse_interrupt_in>.size
    case .bmap: MemoryLayout<fuse_bmap_in>.size
    case .ioctl: MemoryLayout<fuse_ioctl_in>.size
    case .poll: MemoryLayout<fuse_poll_in>.size
    case .notifyReply: MemoryLayout<fuse_notify_retrieve_in>.size
    case .fallocate: MemoryLayout<fuse_fallocate_in>.size
    case .lseek: MemoryLayout<fuse_lseek_in>.size
    case .copyFileRange: MemoryLayout<fuse_copy_file_range_in>.size
    case .setupMapping: MemoryLayout<fuse_setupmapping_in>.size
    case .removeMapping: MemoryLayout<fuse_removemapping_in>.size
    case .syncfs: MemoryLayout<fuse_syncfs_in>.size
    case .statx: MemoryLayout<casfs_fuse_statx_in>.size
    }
  }

  /// The number of names after that struct, each ended by a NUL.
  var nameCount: Int {
    switch self {
    case .symlink, .rename, .rename2: 2
    case .lookup, .unlink, .rmdir, .removexattr, .mkdir, .mknod, .link, .create, .tmpfile, .setxattr, .getxattr: 1
    default: 0
    }
  }

  /// Whether the kernel waits for a reply.
  package var expectsReply: Bool {
    switch self {
    case .forget, .batchForget, .interrupt, .notifyReply: false
    default: true
    }
  }
}
