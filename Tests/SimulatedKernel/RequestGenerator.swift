import CAS
import FUSE
import Glibc
import OCI

/// Makes requests: many that a kernel sends, so that there is something to do harm to, and many that none does.
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
  /// Names that no kernel asks for, and some that are only rare.
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
  private mutating func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { WireRequest.bytes(number) }

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

  /// The next request, and how it came out of the other's ways.
  mutating func request() -> WireRequest {
    let known = Opcode(rawValue: UInt32(number(53)))
    // What does something is asked for more often.
    let usual: [Opcode] = [
      .lookup, .lookup, .create, .create, .write, .write, .open, .flush, .release, .read, .setattr, .rename2, .unlink,
      .opendir, .readdir, .readdirplus, .mkdir,
    ]
    let opcode = number(3) == 0 ? known ?? .lookup : one(of: usual)
    var request = WireRequest(opcode, node(), body(opcode))
    if known == nil || number(60) == 0 { request.opcode = UInt32(truncatingIfNeeded: one(of: Self.numbers)) }
    request.caller.process = one(of: [0, 0, UInt32(getpid()), 1, 4_000_000, .max])
    request.caller.user = one(of: [0, 0, 1000])
    spoil(&request)
    Self.tame(&request)
    return request
  }

  /// Makes it what no kernel sends, now and then.
  private mutating func spoil(_ request: inout WireRequest) {
    switch number(24) {
    case 0: request.cut = 1 + number(39 + request.body.count)
    case 1: request.body = Array(request.body.prefix(number(request.body.count + 1)))
    case 2: request.body += [UInt8](repeating: UInt8(number(256)), count: number(300))
    case 3: request.exaggeration = UInt32(truncatingIfNeeded: one(of: Self.numbers))
    case 4 where !request.body.isEmpty: request.body[number(request.body.count)] = UInt8(number(256))
    case 5 where request.body.count > 4:
      // A length or a count that lies.
      let place = number(request.body.count / 4) * 4
      let lie = bytes(UInt32(truncatingIfNeeded: one(of: Self.numbers)))
      request.body.replaceSubrange(place..<min(place + 4, request.body.count), with: lie)
    case 6: request.body.removeAll { $0 == 0 }
    default: break
    }
  }

  private mutating func body(_ opcode: Opcode) -> [UInt8] {
    let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
    switch opcode {
    case .readlink, .statfs, .destroy: return []
    case .lookup, .unlink, .rmdir: return name()
    case .removexattr: return WireRequest.bytes(one(of: Self.attributes))
    case .symlink: return name() + name()
    case .forget: return bytes(one(of: [1, 1, 2, .max] as [UInt64]))
    case .batchForget:
      let count = number(4)
      return bytes(UInt32(count)) + zeros(4) + (0..<count).flatMap { _ in bytes(node()) + bytes(UInt64(number(3))) }
    case .interrupt: return bytes(UInt64(number(1000)))
    case .initialize: return bytes(UInt32(number(9))) + bytes(UInt32(number(40))) + zeros(56)
    case .open: return bytes(UInt32(one(of: [O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC]))) + zeros(4)
    case .opendir, .listxattr, .access, .syncfs: return bytes(size()) + zeros(4)
    case .mkdir: return bytes(0o755 as UInt32) + zeros(4) + name()
    case .mknod: return bytes(UInt32(one(of: [S_IFREG, S_IFCHR, S_IFDIR]) | 0o644)) + zeros(12) + name()
    case .create, .tmpfile: return bytes(UInt32(O_RDWR)) + bytes(0o100644 as UInt32) + zeros(8) + name()
    case .link: return bytes(node()) + name()
    case .rename: return bytes(node()) + name() + name()
    case .rename2: return bytes(node()) + bytes(UInt32(one(of: [0, 0, 0, 1, 2, 4]))) + zeros(4) + name() + name()
    case .getattr: return bytes(UInt32(number(2))) + zeros(4) + bytes(handle())
    case .setattr: return setattr()
    case .read, .readdir, .readdirplus: return bytes(handle()) + bytes(offset()) + bytes(size()) + zeros(20)
    case .write:
      let content = content()
      return bytes(handle()) + bytes(offset()) + bytes(UInt32(content.count)) + zeros(20) + content
    case .release, .flush, .releasedir, .poll, .lseek, .setupMapping, .statx: return bytes(handle()) + zeros(16)
    case .fsync, .fsyncdir: return bytes(handle()) + zeros(8)
    case .setxattr:
      let value = number(3) == 0 ? accessControlList() : content()
      let flags = UInt32(number(4))
      return bytes(UInt32(value.count)) + bytes(flags) + WireRequest.bytes(one(of: Self.attributes)) + value
    case .getxattr: return bytes(size()) + zeros(4) + WireRequest.bytes(one(of: Self.attributes))
    case .bmap: return bytes(offset()) + zeros(8)
    case .ioctl: return bytes(handle()) + bytes(size()) + zeros(20)
    case .fallocate: return bytes(handle()) + bytes(offset()) + bytes(offset()) + zeros(8)
    case .notifyReply: return zeros(40)
    case .getlk, .setlk, .setlkw: return bytes(handle()) + zeros(40)
    case .copyFileRange: return bytes(handle()) + bytes(offset()) + bytes(node()) + bytes(handle()) + zeros(24)
    case .removeMapping: return zeros(20)
    }
  }

  private mutating func setattr() -> [UInt8] {
    let valid = UInt32(number(4) == 0 ? 0xFFFF_FFFF : [1, 2, 8, 8, 8 | 64, 16, 32 | 256][number(7)])
    let zeros = [UInt8](repeating: 0, count: 40)
    return bytes(valid) + bytes(0 as UInt32) + bytes(handle()) + bytes(offset()) + zeros + bytes(0o640 as UInt32)
      + bytes(0 as UInt32) + bytes(UInt32(number(2))) + bytes(UInt32(number(2))) + bytes(0 as UInt32)
  }

  private mutating func accessControlList() -> [UInt8] {
    var list = bytes(2 as UInt32)
    for tag in [1, 2, 4, 16, 32] as [UInt16] where number(5) > 0 {
      list += bytes(tag) + bytes(UInt16(number(9))) + bytes(UInt32.max)
    }
    return list
  }

  /// Keeps to what can be answered at once: content of terabytes that are not there would have to be hashed, and answers
  /// of a megabyte do not fit into the socket.
  private static func tame(_ request: inout WireRequest) {
    func field(_ offset: Int, atMost limit: UInt64, instead: UInt64, width: Int) {
      guard offset + width <= request.body.count else { return }
      let value = request.body[offset..<offset + width].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      guard value > limit, width == 4 || value <= 1 << 44, width == 8 || value <= 256 * 65_536 else { return }
      let bytes = (0..<width).map { UInt8(truncatingIfNeeded: instead >> ($0 * 8)) }
      request.body.replaceSubrange(offset..<offset + width, with: bytes)
    }
    switch Opcode(rawValue: request.opcode) {
    case .setattr: field(16, atMost: 1 << 20, instead: .max, width: 8)
    case .write: field(8, atMost: 1 << 20, instead: .max, width: 8)
    case .read, .readdir, .readdirplus: field(16, atMost: 4096, instead: 4096, width: 4)
    default: break
    }
  }

  /// Learns from an answer which nodes and handles there are.
  mutating func learn(_ request: WireRequest, _ answer: WireAnswer) {
    guard answer.error == 0 else { return }
    switch Opcode(rawValue: request.opcode) {
    case .lookup, .mkdir, .mknod: remember(answer.number(at: 0), in: \.nodes)
    case .create:
      remember(answer.number(at: 0), in: \.nodes)
      remember(answer.number(at: 128), in: \.handles)
    case .open, .opendir: remember(answer.number(at: 0), in: \.handles)
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
