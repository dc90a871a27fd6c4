/// What a request asks for: `enum fuse_opcode` of the kernel's `linux/fuse.h`, up to protocol 7.39.
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

  /// How long the fixed part after the header is, and how many names follow, each ended by a NUL.
  var layout: (fixed: Int, names: Int) {
    switch self {
    case .readlink, .statfs, .destroy: (0, 0)
    case .lookup, .unlink, .rmdir, .removexattr: (0, 1)
    case .symlink: (0, 2)
    case .forget, .open, .listxattr, .opendir, .access, .interrupt, .batchForget, .syncfs: (8, 0)
    case .mkdir, .link, .setxattr, .getxattr: (8, 1)
    case .rename: (8, 2)
    case .getattr, .fsync, .initialize, .fsyncdir, .bmap: (16, 0)
    case .mknod, .create, .tmpfile: (16, 1)
    case .rename2: (16, 2)
    case .setupMapping, .release, .flush, .releasedir, .poll, .lseek, .statx: (24, 0)
    case .ioctl, .fallocate: (32, 0)
    case .read, .write, .readdir, .readdirplus: (40, 0)
    case .notifyReply: (40, 0)
    case .getlk, .setlk, .setlkw: (48, 0)
    case .copyFileRange: (56, 0)
    case .setattr: (88, 0)
    case .removeMapping: (4, 0)
    }
  }

  /// Whether it is answered.
  package var isAnswered: Bool {
    switch self {
    case .forget, .batchForget, .interrupt, .notifyReply: false
    default: true
    }
  }
}
