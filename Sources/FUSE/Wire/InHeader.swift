import CLinux

/// The header of a request: `struct fuse_in_header`.
struct InHeader {
  static var size: Int { MemoryLayout<fuse_in_header>.size }

  /// The size of the whole request in bytes, as the header states it.
  let length: UInt32
  /// The raw value of an ``Opcode``, unless the kernel is newer than that.
  let opcode: UInt32
  /// The number that the reply repeats.
  let unique: UInt64

  /// Reads the header of a request.
  ///
  /// - Returns: `nil` if the request is shorter.
  init?(_ request: UnsafeRawBufferPointer) {
    guard request.count >= Self.size else { return nil }
    let header = unsafe request.loadUnaligned(as: fuse_in_header.self)
    length = header.len
    opcode = header.opcode
    unique = header.unique
  }

  /// The bit of `unique` that marks a request which another process had read, and not answered: `FUSE_UNIQUE_RESEND`,
  /// Linux 6.9.
  static let resentBit: UInt64 = 1 << 63

  /// Whether another process had read the request.
  var isResent: Bool { unique & Self.resentBit != 0 }

  /// Whether the kernel waits for a reply; libfuse replies ENOSYS to unknown opcodes.
  var expectsReply: Bool { Opcode(rawValue: opcode)?.expectsReply ?? true }
}

extension UnsafeRawBufferPointer {
  /// Reads the struct that follows the header of a request, as `struct fuse_write_in`.
  ///
  /// - Returns: `nil` if the request is shorter.
  func body<Body: BitwiseCopyable>(as type: Body.Type) -> Body? {
    guard count >= InHeader.size + MemoryLayout<Body>.size else { return nil }
    return unsafe loadUnaligned(fromByteOffset: InHeader.size, as: type)
  }
}
