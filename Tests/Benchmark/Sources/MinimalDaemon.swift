import Glibc

/// A minimal FUSE daemon: every name exists and is 4 KiB long, and one thread polls for the next request and replies
/// immediately. Its times are the share of the kernel and the machine in those of any daemon.
enum MinimalDaemon {
  /// A peer for short files, which requires root.
  static var fileSystem: FileSystem {
    FileSystem(
      name: "a daemon that only answers",
      mounting: { (_, place) in
        try start(at: place)
        return ["true"]
      },
      unmounting: { ["umount", $0] })
  }

  /// Mounts by `mount(2)`, and replies until it is unmounted.
  private static func start(at place: String) throws {
    let device = try Files.open("/dev/fuse", O_RDWR | O_NONBLOCK)
    let options = "fd=\(device),rootmode=40755,user_id=0,group_id=0"
    let flags = UInt(MS_NOSUID | MS_NODEV)
    guard unsafe mount("answerer", place, "fuse.answerer", flags, options) == 0 else {
      close(device)
      throw Failure(call: "mount on", place)
    }
    var thread = pthread_t()
    unsafe pthread_create(
      &thread, nil,
      { (device) in
        MinimalDaemon.serve(Int32(Int(bitPattern: device)))
        return nil
      }, UnsafeMutableRawPointer(bitPattern: Int(device)))
    pthread_detach(thread)
  }

  private static func serve(_ device: Int32) {
    let request = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 << 20, alignment: 4096)
    while unsafe receive(request, device) {
      let header = unsafe request.loadUnaligned(as: RequestHeader.self)
      let argument = unsafe UnsafeRawBufferPointer(rebasing: request[40..<Int(header.length)])
      guard let reply = unsafe Reply(to: header, argument) else { continue }
      unsafe reply.bytes(to: header.unique).withUnsafeBytes { _ = unsafe write(device, $0.baseAddress, $0.count) }
    }
    unsafe request.deallocate()
    close(device)
  }

  /// Waits for a request.
  ///
  /// - Returns: `false` when the mount has ended.
  private static func receive(_ request: UnsafeMutableRawBufferPointer, _ device: Int32) -> Bool {
    while true {
      let end = ContinuousClock.now + .microseconds(50)
      repeat {
        if unsafe read(device, request.baseAddress, request.count) > 0 { return true }
        if errno == ENODEV { return false }
      } while ContinuousClock.now < end
      var state = pollfd(fd: device, events: Int16(POLLIN), revents: 0)
      unsafe poll(&state, 1, -1)
    }
  }
}

/// The beginning of `struct fuse_in_header`.
private struct RequestHeader: BitwiseCopyable {
  let length: UInt32
  let opcode: UInt32
  let unique: UInt64
  let node: UInt64
}

/// A reply: 64-bit words after a `struct fuse_out_header`.
private enum Reply {
  case error(Int32)
  case words([UInt64])
  case content

  private static let directories: [String: UInt64] = ["blobs": 2, "sha256": 3]
  private static let day: UInt64 = 86_400

  /// - Returns: `nil` for a request without a reply.
  init?(to header: RequestHeader, _ argument: UnsafeRawBufferPointer) {
    switch header.opcode {
    // FUSE_LOOKUP: `fuse_entry_out`.
    case 1:
      let name = unsafe argument.prefix { $0 != 0 }
      let known = unsafe Self.directories[String(decoding: name, as: UTF8.self)]
      let node = unsafe known ?? name.reduce(7) { $0 &* 31 &+ UInt64($1) } | 1 << 32
      self = .words([node, 0, Self.day, Self.day, 0] + Self.attributes(node))
    // FUSE_FORGET, FUSE_INTERRUPT, FUSE_BATCH_FORGET.
    case 2, 36, 42: return nil
    // FUSE_GETATTR: `fuse_attr_out`.
    case 3: self = .words([Self.day, 0] + Self.attributes(header.node))
    // FUSE_OPEN: `fuse_open_out` with FOPEN_KEEP_CACHE and FOPEN_NOFLUSH.
    case 14: self = .words([1, 1 << 1 | 1 << 5])
    // FUSE_READ.
    case 15: self = .content
    // FUSE_RELEASE, FUSE_DESTROY.
    case 18, 38: self = .words([])
    // FUSE_INIT: `fuse_init_out` of protocol 7.31.
    case 26: self = .words([7 | 31 << 32, 128 << 10, 0, 128 << 10 | 1 << 32, 0, 0, 0, 0])
    // FUSE_OPENDIR and the rest are not needed.
    default: self = .error(ENOSYS)
    }
  }

  /// `struct fuse_attr`: inode number, size, blocks, times, mode and links, owner, block size.
  private static func attributes(_ node: UInt64) -> [UInt64] {
    let isDirectory = node <= 3
    let mode: UInt64 = isDirectory ? 0o40755 : 0o100_444
    return [node, isDirectory ? 0 : 4096, 8, 0, 0, 0, 0, mode << 32, 1, 0, 0]
  }

  /// The message.
  func bytes(to unique: UInt64) -> [UInt64] {
    switch self {
    case .error(let number): [16 | UInt64(UInt32(bitPattern: -number)) << 32, unique]
    case .words(let words): [16 + 8 * UInt64(words.count), unique] + words
    case .content: [16 + 4096, unique] + [UInt64](repeating: 0, count: 512)
    }
  }
}
