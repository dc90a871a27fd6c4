/// What libfuse takes for granted of a request: that it is as long as it says, and that its parts lie within it. It reads
/// names up to their NUL and content up to its length wherever that is.
///
/// The kernel's requests are all sound; this costs them next to nothing.
enum RequestValidator {
  /// `struct fuse_in_header`.
  private static let headerSize = 40

  /// Whether libfuse may have it. What it has no opcode for is for it to refuse.
  static func isValid(_ request: UnsafeRawBufferPointer) -> Bool {
    guard request.count >= headerSize, unsafe number(request, at: 0) == request.count else { return false }
    guard let opcode = unsafe Opcode(rawValue: number(request, at: 4)) else { return true }
    let layout = opcode.layout
    var rest = unsafe request[headerSize...]
    guard unsafe rest.count >= layout.fixed else { return false }
    unsafe rest = rest.dropFirst(layout.fixed)
    for _ in 0..<layout.names {
      guard let end = unsafe rest.firstIndex(of: 0) else { return false }
      unsafe rest = rest[(end + 1)...]
    }
    switch opcode {
    case .write: return unsafe rest.count >= number(request, at: headerSize + 16)
    case .setxattr: return unsafe rest.count >= number(request, at: headerSize)
    case .batchForget: return unsafe rest.count >= 16 * Int(number(request, at: headerSize))
    // FUSE_INIT_EXT says that there are more flags.
    case .initialize:
      return unsafe number(request, at: headerSize + 12) & 1 << 30 == 0 || request.count >= headerSize + 20
    // The kernel sends content only after it was asked to, which it is not; libfuse would keep what nobody waits for.
    case .notifyReply: return false
    default: return true
    }
  }

  /// The number by which the answer to a request is awaited; `nil` when none is.
  static func awaitedAnswer(_ request: UnsafeRawBufferPointer) -> UInt64? {
    guard request.count >= headerSize, unsafe Opcode(rawValue: number(request, at: 4))?.isAnswered ?? true else {
      return nil
    }
    return unsafe unique(request)
  }

  /// The number of a request that asks for this; `nil` of any other.
  static func unique(of opcode: Opcode, in request: UnsafeRawBufferPointer) -> UInt64? {
    guard request.count >= headerSize, unsafe number(request, at: 4) == opcode.rawValue else { return nil }
    return unsafe unique(request)
  }

  private static func unique(_ request: UnsafeRawBufferPointer) -> UInt64 {
    unsafe request.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
  }

  private static func number(_ request: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
    unsafe request.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
  }
}
