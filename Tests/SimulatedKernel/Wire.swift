import CLinux
package import FUSE

/// A request as it is read from `/dev/fuse`: `struct fuse_in_header` and a body. It can be one that no kernel sends.
package struct WireRequest: Sendable {
  /// The operation; any number.
  package var opcode: UInt32
  /// The node.
  package var node: UInt64
  /// The caller: `uid`, `gid` and `pid`.
  package var caller: (user: UInt32, group: UInt32, process: UInt32) = (0, 0, 0)
  /// The bytes after the header.
  package var body: [UInt8]
  /// By how much the length in the header exceeds the real one.
  package var excessLength: UInt32 = 0
  /// The number of bytes to send instead of all, the header included.
  package var truncatedSize: Int?

  /// Makes a well-formed request.
  package init(_ opcode: Opcode, _ node: UInt64 = 1, _ body: [UInt8] = []) {
    self.opcode = opcode.rawValue
    self.node = node
    self.body = body
  }

  /// The bytes to send.
  func bytes(unique: UInt64) -> [UInt8] {
    let header = wire(fuse_in_header()) {
      $0.len = UInt32(truncatingIfNeeded: MemoryLayout<fuse_in_header>.size + body.count) &+ excessLength
      $0.opcode = opcode
      $0.unique = unique
      $0.nodeid = node
      $0.uid = caller.user
      $0.gid = caller.group
      $0.pid = caller.process
    }
    let whole = header + body
    return Array(whole.prefix(truncatedSize ?? whole.count))
  }

  /// Whether a reply must come: not if `unique` is not sent.
  var expectsReply: Bool {
    if let truncatedSize, truncatedSize < MemoryLayout<fuse_in_header>.size { return false }
    return Opcode(rawValue: opcode)?.expectsReply ?? true
  }
}

/// The bytes of a struct of `<linux/fuse.h>`.
func wire<Body: BitwiseCopyable>(_ zero: Body, _ set: (inout Body) -> Void = { _ in }) -> [UInt8] {
  var body = zero
  set(&body)
  return unsafe withUnsafeBytes(of: body) { unsafe Array($0) }
}

/// The bytes of a name, ended by a NUL.
func wire(_ name: String) -> [UInt8] { Array(name.utf8) + [0] }

/// A reply: `struct fuse_out_header` and a body.
package struct WireReply: Sendable {
  /// 0, or an errno.
  package let error: Int32
  /// The number of the request; 0 for a notification.
  package let unique: UInt64
  /// The bytes after the header.
  package let body: [UInt8]

  /// Reads a message.
  ///
  /// - Returns: `nil` if its header does not state its length.
  init?(_ message: [UInt8]) {
    guard let header = message.value(as: fuse_out_header.self), header.len == message.count else { return nil }
    error = 0 &- header.error
    unique = header.unique
    body = Array(message[MemoryLayout<fuse_out_header>.size...])
  }

  /// The node of a FUSE_LOOKUP, FUSE_CREATE, FUSE_MKDIR or FUSE_MKNOD; 0 if the body is shorter.
  var node: UInt64 { body.value(as: fuse_entry_out.self)?.nodeid ?? 0 }

  /// The handle of a FUSE_OPEN or FUSE_OPENDIR; 0 if the body is shorter.
  var handle: UInt64 { body.value(as: fuse_open_out.self)?.fh ?? 0 }

  /// The handle of a FUSE_CREATE; 0 if the body is shorter.
  var createdHandle: UInt64 {
    body.value(as: fuse_open_out.self, at: MemoryLayout<fuse_entry_out>.size)?.fh ?? 0
  }
}

extension [UInt8] {
  /// Reads a struct; `nil` if the bytes end before it does.
  func value<Body: BitwiseCopyable>(as type: Body.Type, at offset: Int = 0) -> Body? {
    guard offset + MemoryLayout<Body>.size <= count else { return nil }
    return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: type) }
  }
}

/// A violation that a test found.
package struct Finding: Error, Sendable, CustomStringConvertible {
  /// The violation, in a few words.
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
