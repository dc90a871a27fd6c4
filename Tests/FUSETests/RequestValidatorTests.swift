import CLinux
import Testing

@testable import FUSE

@Suite struct RequestValidatorTests {
  /// A request whose header states its length.
  private func request(_ opcode: UInt32, _ body: [UInt8], statedSize: Int? = nil) -> [UInt8] {
    var header = fuse_in_header()
    header.len = UInt32(statedSize ?? InHeader.size + body.count)
    header.opcode = opcode
    header.unique = 2
    return unsafe withUnsafeBytes(of: header) { unsafe Array($0) } + body
  }

  private func isValid(_ request: [UInt8]) -> Bool {
    unsafe request.withUnsafeBytes { unsafe RequestValidator.isValid($0) }
  }

  private func bytes<Body: BitwiseCopyable>(_ zero: Body, _ set: (inout Body) -> Void) -> [UInt8] {
    var body = zero
    set(&body)
    return unsafe withUnsafeBytes(of: body) { unsafe Array($0) }
  }

  /// The shortest body that an operation can have.
  private func body(_ opcode: Opcode) -> [UInt8] {
    [UInt8](repeating: 0, count: opcode.bodySize) + (0..<opcode.nameCount).flatMap { _ in [0x61, 0] as [UInt8] }
  }

  @Test("a request is valid with its struct and names, and not with less", arguments: Opcode.allCases)
  func tooShort(_ opcode: Opcode) {
    let body = body(opcode)
    // casfs never asks for what FUSE_NOTIFY_REPLY brings.
    #expect(isValid(request(opcode.rawValue, body)) == (opcode != .notifyReply))
    for count in 0..<body.count {
      #expect(!isValid(request(opcode.rawValue, Array(body.prefix(count)))), "\(count) of \(body.count) bytes")
    }
  }

  @Test("a request is as long as its header states", arguments: Opcode.allCases)
  func statedSize(_ opcode: Opcode) {
    let body = body(opcode)
    for size in [0, InHeader.size - 1, InHeader.size + body.count - 1, InHeader.size + body.count + 1, 1 << 31] {
      #expect(!isValid(request(opcode.rawValue, body, statedSize: size)), "\(size)")
    }
  }

  @Test("less than a header is invalid")
  func noHeader() {
    for size in 0..<InHeader.size {
      #expect(!isValid(Array(request(Opcode.statfs.rawValue, [], statedSize: size).prefix(size))), "\(size)")
    }
  }

  @Test("libfuse gets unknown opcodes, and refuses them", arguments: [0, 7, 19, 53, 4096, .max] as [UInt32])
  func unknown(_ opcode: UInt32) {
    #expect(isValid(request(opcode, [])))
  }

  @Test("written content is as long as stated", arguments: [(0, true), (4, true), (5, false), (UInt32.max, false)])
  func write(_ size: UInt32, _ isValid: Bool) {
    let body = bytes(fuse_write_in()) { $0.size = size } + [1, 2, 3, 4]
    #expect(self.isValid(request(Opcode.write.rawValue, body)) == isValid)
  }

  @Test(
    "an attribute's value is as long as stated", arguments: [(0, true), (4, true), (5, false), (UInt32.max, false)])
  func setxattr(_ size: UInt32, _ isValid: Bool) {
    let body = bytes(casfs_fuse_compat_setxattr_in()) { $0.size = size } + [0x61, 0, 1, 2, 3, 4]
    #expect(self.isValid(request(Opcode.setxattr.rawValue, body)) == isValid)
  }

  @Test("as many nodes are forgotten as stated", arguments: [(0, true), (2, true), (3, false), (UInt32.max, false)])
  func batchForget(_ count: UInt32, _ isValid: Bool) {
    let one = bytes(fuse_forget_one()) { $0.nodeid = 1 }
    let body = bytes(fuse_batch_forget_in()) { $0.count = count } + one + one
    #expect(self.isValid(request(Opcode.batchForget.rawValue, body)) == isValid)
  }

  @Test("FUSE_INIT has its second flags if the first say so")
  func initialize() {
    let full = bytes(fuse_init_in()) { $0.flags = UInt32(FUSE_INIT_EXT) }
    let old = Array(full.prefix(MemoryLayout<casfs_fuse_compat_init_in>.size))
    #expect(isValid(request(Opcode.initialize.rawValue, full)))
    #expect(!isValid(request(Opcode.initialize.rawValue, old)))
  }

  @Test("the header tells the request's number, and whether a reply is expected")
  func header() throws {
    func header(_ opcode: UInt32) throws -> InHeader {
      try #require(unsafe request(opcode, []).withUnsafeBytes { unsafe InHeader($0) })
    }
    #expect(try header(Opcode.read.rawValue).unique == 2)
    #expect(try header(Opcode.read.rawValue).expectsReply)
    #expect(try header(4711).expectsReply)
    for opcode in [Opcode.forget, .batchForget, .interrupt, .notifyReply] {
      #expect(try !header(opcode.rawValue).expectsReply, "\(opcode)")
    }
  }
}

@Suite struct OpcodeTests {
  /// Statx is younger than the headers of Linux 6.1.
  private static let system: [(Opcode, fuse_opcode)] = [
    (.lookup, FUSE_LOOKUP), (.forget, FUSE_FORGET), (.getattr, FUSE_GETATTR), (.setattr, FUSE_SETATTR),
    (.readlink, FUSE_READLINK), (.symlink, FUSE_SYMLINK), (.mknod, FUSE_MKNOD), (.mkdir, FUSE_MKDIR),
    (.unlink, FUSE_UNLINK), (.rmdir, FUSE_RMDIR), (.rename, FUSE_RENAME), (.link, FUSE_LINK), (.open, FUSE_OPEN),
    (.read, FUSE_READ), (.write, FUSE_WRITE), (.statfs, FUSE_STATFS), (.release, FUSE_RELEASE), (.fsync, FUSE_FSYNC),
    (.setxattr, FUSE_SETXATTR), (.getxattr, FUSE_GETXATTR), (.listxattr, FUSE_LISTXATTR),
    (.removexattr, FUSE_REMOVEXATTR), (.flush, FUSE_FLUSH), (.initialize, FUSE_INIT), (.opendir, FUSE_OPENDIR),
    (.readdir, FUSE_READDIR), (.releasedir, FUSE_RELEASEDIR), (.fsyncdir, FUSE_FSYNCDIR), (.getlk, FUSE_GETLK),
    (.setlk, FUSE_SETLK), (.setlkw, FUSE_SETLKW), (.access, FUSE_ACCESS), (.create, FUSE_CREATE),
    (.interrupt, FUSE_INTERRUPT), (.bmap, FUSE_BMAP), (.destroy, FUSE_DESTROY), (.ioctl, FUSE_IOCTL),
    (.poll, FUSE_POLL), (.notifyReply, FUSE_NOTIFY_REPLY), (.batchForget, FUSE_BATCH_FORGET),
    (.fallocate, FUSE_FALLOCATE), (.readdirplus, FUSE_READDIRPLUS), (.rename2, FUSE_RENAME2), (.lseek, FUSE_LSEEK),
    (.copyFileRange, FUSE_COPY_FILE_RANGE), (.setupMapping, FUSE_SETUPMAPPING),
    (.removeMapping, FUSE_REMOVEMAPPING), (.syncfs, FUSE_SYNCFS), (.tmpfile, FUSE_TMPFILE),
  ]

  @Test("opcodes are the system's")
  func values() {
    for (own, system) in Self.system { #expect(own.rawValue == system.rawValue, "\(own)") }
    #expect(Set(Opcode.allCases).subtracting(Self.system.map(\.0)) == [.statx])
  }
}
