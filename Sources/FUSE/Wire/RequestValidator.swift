import CLinux

/// Checks what libfuse 3.14 takes for granted: that a request is as long as its header states and that its parts lie
/// within it. libfuse reads names up to a NUL and content up to a stated length, past the end of the request if need be.
///
/// All requests of a kernel are valid; the checks cost next to nothing.
enum RequestValidator {
  /// Whether libfuse can be handed a request. libfuse itself refuses unknown opcodes.
  static func isValid(_ request: UnsafeRawBufferPointer) -> Bool {
    guard let header = unsafe InHeader(request), header.length == request.count else { return false }
    guard let opcode = Opcode(rawValue: header.opcode) else { return true }
    let fixedSize = InHeader.size + opcode.bodySize
    guard request.count >= fixedSize else { return false }
    var rest = unsafe request[fixedSize...]
    for _ in 0..<opcode.nameCount {
      guard let end = unsafe rest.firstIndex(of: 0) else { return false }
      unsafe rest = rest[(end + 1)...]
    }
    switch opcode {
    case .write:
      return unsafe isCovered(request.body(as: fuse_write_in.self)?.size, by: rest.count)
    case .setxattr:
      return unsafe isCovered(request.body(as: casfs_fuse_compat_setxattr_in.self)?.size, by: rest.count)
    case .batchForget:
      let capacity = unsafe rest.count / MemoryLayout<fuse_forget_one>.size
      return unsafe isCovered(request.body(as: fuse_batch_forget_in.self)?.count, by: capacity)
    case .initialize:
      guard let body = unsafe request.body(as: casfs_fuse_compat_init_in.self) else { return false }
      return unsafe body.flags & UInt32(FUSE_INIT_EXT) == 0 || request.body(as: fuse_init_in.self) != nil
    // The reply to FUSE_NOTIFY_RETRIEVE, which casfs never sends: libfuse would keep it for good.
    case .notifyReply: return false
    default: return true
    }
  }

  private static func isCovered(_ count: UInt32?, by available: Int) -> Bool {
    count.map { $0 <= available } ?? false
  }
}
