import CAS
import CLinux
import FUSE
import Glibc
import OCI

/// A source of random requests: many that a kernel sends, so that nodes, handles and content exist, and many that no
/// kernel sends.
struct RequestGenerator<Source: RandomNumberGenerator> {
  private var source: Source
  private var nodes: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8, 16, 17]
  private var handles: [UInt64] = [0]

  private static var contents: [[UInt8]] { [[], Array("a".utf8), Array("hello, world\n".utf8)] }
  private static var texts: [[UInt8]] {
    contents.compactMap { BlobAddress(of: $0) }.flatMap { (address) in
      let (digest, size) = (address.digest, address.size)
      return [
        Array("\(digest)\n".utf8),
        Array(#"{"mediaType":"text/plain","digest":"\#(digest)","size":\#(size)}"#.utf8),
        Array(#"{"mediaType":"text/plain","digest":"\#(digest)","size":\#(size + 1),"annotations":{}}"#.utf8),
      ]
    }
  }
  private static var names: [String] {
    let digests = contents.compactMap { BlobAddress(of: $0)?.digest }
    return ["incoming", "refs", "blobs", "images", "committed", "sha256", "sha512", "a", "b", "c", "v1", "x-y"]
      + digests.flatMap { ["\($0)", $0.hex] }
  }
  /// Names that no kernel sends, and rare ones.
  private static var oddNames: [[UInt8]] {
    [
      [], Array(".".utf8), Array("..".utf8), Array("a/b".utf8), Array("/".utf8), Array("../../etc/passwd".utf8),
      [UInt8](repeating: 0x6E, count: 255), [UInt8](repeating: 0x6E, count: 256), [UInt8](repeating: 0x2F, count: 5000),
      [0xFF, 0xFE], [0xF4, 0x8F, 0xBF, 0xBF], Array("a\n%2F".utf8), Array("sha256:".utf8), Array("%".utf8),
    ]
  }
  private static var attributes: [String] {
    [
      "user.a", "user.b", "user.casfs.digest", "user.casfs.size", "user.casfs.status", "user.casfs.error",
      "system.posix_acl_access", "system.posix_acl_default", "security.selinux", "trusted.x", "",
    ]
  }
  private static var numbers: [UInt64] {
    [
      0, 1, 2, 511, 4096, 65_535, 1 << 20, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 44, 1 << 44 + 1, 1 << 62, 1 << 63 - 1,
      1 << 63, .max - 1, .max,
    ]
  }

  init(_ source: Source) {
    self.source = source
  }

  /// Any number below a limit.
  mutating func number(_ limit: Int) -> Int { Int(source.next() % UInt64(max(1, limit))) }

  private mutating func one<Value>(of values: [Value]) -> Value { values[number(values.count)] }

  private mutating func node() -> UInt64 {
    switch number(16) {
    case 0: one(of: Self.numbers)
    case 1..<5: UInt64(1 + number(8))
    default: one(of: nodes)
    }
  }

  private mutating func handle() -> UInt64 { number(12) == 0 ? one(of: Self.numbers) : one(of: handles) }

  private mutating func name() -> [UInt8] {
    (number(8) == 0 ? one(of: Self.oddNames) : Array(one(of: Self.names).utf8)) + [0]
  }

  private mutating func size() -> UInt32 {
    number(10) == 0 ? UInt32(truncatingIfNeeded: one(of: Self.numbers)) : UInt32(one(of: [0, 1, 23, 100, 4096]))
  }

  private mutating func offset() -> UInt64 { number(4) == 0 ? one(of: Self.numbers) : UInt64(number(64)) }

  private mutating func content() -> [UInt8] {
    one(of: Self.contents + Self.texts + [[UInt8](repeating: UInt8(number(256)), count: number(9000))])
  }

  /// The next request.
  mutating func request() -> WireRequest {
    let known = Opcode(rawValue: UInt32(number(53)))
    // Operations with an effect come more often.
    let usual: [Opcode] = [
      .lookup, .lookup, .create, .create, .write, .write, .open, .flush, .release, .read, .setattr, .rename2, .unlink,
      .opendir, .readdir, .readdirplus, .mkdir,
    ]
    let opcode = number(3) == 0 ? known ?? .lookup : one(of: usual)
    var request = WireRequest(opcode, node(), body(opcode))
    if known == nil || number(60) == 0 { request.opcode = UInt32(truncatingIfNeeded: one(of: Self.numbers)) }
    request.caller.process = one(of: [0, 0, UInt32(getpid()), 1, 4_000_000, .max])
    request.caller.user = one(of: [0, 0, 1000])
    corrupt(&request)
    Self.tame(&request)
    return request
  }

  /// Sometimes makes a request malformed.
  private mutating func corrupt(_ request: inout WireRequest) {
    switch number(24) {
    case 0: request.truncatedSize = 1 + number(MemoryLayout<fuse_in_header>.size - 1 + request.body.count)
    case 1: request.body = Array(request.body.prefix(number(request.body.count + 1)))
    case 2: request.body += [UInt8](repeating: UInt8(number(256)), count: number(300))
    case 3: request.excessLength = UInt32(truncatingIfNeeded: one(of: Self.numbers))
    case 4 where !request.body.isEmpty: request.body[number(request.body.count)] = UInt8(number(256))
    case 5 where request.body.count > 4:
      // A wrong length or count.
      let place = number(request.body.count / 4) * 4
      let wrong = wire(UInt32(truncatingIfNeeded: one(of: Self.numbers)))
      request.body.replaceSubrange(place..<min(place + 4, request.body.count), with: wrong)
    case 6: request.body.removeAll { $0 == 0 }
    default: break
    }
  }

  private mutating func body(_ opcode: Opcode) -> [UInt8] {
    switch opcode {
    case .readlink, .statfs, .destroy: return []
    case .lookup, .unlink, .rmdir: return name()
    case .removexattr: return wire(one(of: Self.attributes))
    case .symlink: return name() + name()
    case .forget: return wire(fuse_forget_in()) { $0.nlookup = one(of: [1, 1, 2, .max]) }
    case .batchForget:
      let forgets = number(4)
      let body = wire(fuse_batch_forget_in()) { $0.count = UInt32(forgets) }
      return (0..<forgets).reduce(body) { (body, _) in
        body
          + wire(fuse_forget_one()) {
            $0.nodeid = node()
            $0.nlookup = UInt64(number(3))
          }
      }
    case .interrupt: return wire(fuse_interrupt_in()) { $0.unique = UInt64(number(1000)) }
    case .initialize:
      return wire(fuse_init_in()) {
        $0.major = UInt32(number(9))
        $0.minor = UInt32(number(40))
      }
    case .open:
      return wire(fuse_open_in()) {
        $0.flags = UInt32(one(of: [O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC]))
      }
    case .opendir: return wire(fuse_open_in()) { $0.flags = size() }
    case .access: return wire(fuse_access_in()) { $0.mask = size() }
    case .syncfs: return wire(fuse_syncfs_in()) { $0.padding = UInt64(size()) }
    case .mkdir: return wire(fuse_mkdir_in()) { $0.mode = 0o755 } + name()
    case .mknod: return wire(fuse_mknod_in()) { $0.mode = one(of: [S_IFREG, S_IFCHR, S_IFDIR]) | 0o644 } + name()
    case .create, .tmpfile:
      return wire(fuse_create_in()) {
        $0.flags = UInt32(O_RDWR)
        $0.mode = S_IFREG | 0o644
      } + name()
    case .link: return wire(fuse_link_in()) { $0.oldnodeid = node() } + name()
    case .rename: return wire(fuse_rename_in()) { $0.newdir = node() } + name() + name()
    case .rename2:
      return wire(fuse_rename2_in()) {
        $0.newdir = node()
        $0.flags = one(of: [0, 0, 0, 1, 2, 4])
      } + name() + name()
    case .getattr:
      return wire(fuse_getattr_in()) {
        $0.getattr_flags = UInt32(number(2))
        $0.fh = handle()
      }
    case .setattr: return setattr()
    case .read, .readdir, .readdirplus:
      return wire(fuse_read_in()) {
        $0.fh = handle()
        $0.offset = offset()
        $0.size = size()
      }
    case .write:
      let content = content()
      return wire(fuse_write_in()) {
        $0.fh = handle()
        $0.offset = offset()
        $0.size = UInt32(content.count)
      } + content
    case .release, .releasedir: return wire(fuse_release_in()) { $0.fh = handle() }
    case .flush: return wire(fuse_flush_in()) { $0.fh = handle() }
    case .poll: return wire(fuse_poll_in()) { $0.fh = handle() }
    case .lseek: return wire(fuse_lseek_in()) { $0.fh = handle() }
    case .setupMapping: return wire(fuse_setupmapping_in()) { $0.fh = handle() }
    case .statx: return wire(casfs_fuse_statx_in()) { $0.fh = handle() }
    case .fsync, .fsyncdir: return wire(fuse_fsync_in()) { $0.fh = handle() }
    case .setxattr:
      let value = number(3) == 0 ? accessControlList() : content()
      return wire(casfs_fuse_compat_setxattr_in()) {
        $0.size = UInt32(value.count)
        $0.flags = UInt32(number(4))
      } + wire(one(of: Self.attributes)) + value
    case .getxattr: return wire(fuse_getxattr_in()) { $0.size = size() } + wire(one(of: Self.attributes))
    case .listxattr: return wire(fuse_getxattr_in()) { $0.size = size() }
    case .bmap: return wire(fuse_bmap_in()) { $0.block = offset() }
    case .ioctl:
      return wire(fuse_ioctl_in()) {
        $0.fh = handle()
        $0.flags = size()
      }
    case .fallocate:
      return wire(fuse_fallocate_in()) {
        $0.fh = handle()
        $0.offset = offset()
        $0.length = offset()
      }
    case .notifyReply: return wire(fuse_notify_retrieve_in())
    case .getlk, .setlk, .setlkw: return wire(fuse_lk_in()) { $0.fh = handle() }
    case .copyFileRange:
      return wire(fuse_copy_file_range_in()) {
        $0.fh_in = handle()
        $0.off_in = offset()
        $0.nodeid_out = node()
        $0.fh_out = handle()
      }
    case .removeMapping: return wire(fuse_removemapping_in()) + wire(fuse_removemapping_one())
    }
  }

  private mutating func setattr() -> [UInt8] {
    wire(fuse_setattr_in()) {
      let sets = [
        FATTR_MODE, FATTR_UID, FATTR_SIZE, FATTR_SIZE, FATTR_SIZE | FATTR_FH, FATTR_ATIME,
        FATTR_MTIME | FATTR_MTIME_NOW,
      ]
      $0.valid = number(4) == 0 ? .max : UInt32(one(of: sets))
      $0.fh = handle()
      $0.size = offset()
      $0.mode = 0o640
      $0.uid = UInt32(number(2))
      $0.gid = UInt32(number(2))
    }
  }

  private mutating func accessControlList() -> [UInt8] {
    // The version, then entries of tag, permissions and id.
    var list = wire(2 as UInt32)
    for tag in [1, 2, 4, 16, 32] as [UInt16] where number(5) > 0 {
      list += wire(tag) + wire(UInt16(number(9))) + wire(UInt32.max)
    }
    return list
  }

  /// Avoids requests that cannot be replied to soon: terabytes of absent content would have to be hashed, and replies of a
  /// megabyte do not fit into the socket.
  private static func tame(_ request: inout WireRequest) {
    func replace<Body, Field: FixedWidthInteger & BitwiseCopyable>(
      _ field: KeyPath<Body, Field>, above limit: Field, through end: Field, with other: Field
    ) {
      guard let offset = MemoryLayout<Body>.offset(of: field),
        let value = request.body.value(as: Field.self, at: offset), limit < value, value <= end
      else { return }
      request.body.replaceSubrange(offset..<offset + MemoryLayout<Field>.size, with: wire(other))
    }
    switch Opcode(rawValue: request.opcode) {
    case .setattr: replace(\fuse_setattr_in.size, above: 1 << 20, through: 1 << 44, with: .max)
    case .write: replace(\fuse_write_in.offset, above: 1 << 20, through: 1 << 44, with: .max)
    case .read, .readdir, .readdirplus: replace(\fuse_read_in.size, above: 4096, through: 256 << 16, with: 4096)
    default: break
    }
  }

  /// Learns nodes and handles from a reply.
  mutating func learn(_ request: WireRequest, _ reply: WireReply) {
    guard reply.error == 0 else { return }
    switch Opcode(rawValue: request.opcode) {
    case .lookup, .mkdir, .mknod: remember(reply.node, in: \.nodes)
    case .create:
      remember(reply.node, in: \.nodes)
      remember(reply.createdHandle, in: \.handles)
    case .open, .opendir: remember(reply.handle, in: \.handles)
    default: break
    }
  }

  private mutating func remember(_ number: UInt64, in list: WritableKeyPath<Self, [UInt64]>) {
    if self[keyPath: list].count < 40 {
      self[keyPath: list].append(number)
    } else {
      let place = self.number(40)
      self[keyPath: list][place] = number
    }
  }
}
