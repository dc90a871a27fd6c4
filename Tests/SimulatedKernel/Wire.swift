package import FUSE

/// A request as it is sent through `/dev/fuse`, whether or not the kernel would send it: `struct fuse_in_header` and what
/// follows.
package struct WireRequest: Sendable {
  /// What is asked for; any number.
  package var opcode: UInt32
  /// What of.
  package var node: UInt64
  /// Who asks: `uid`, `gid` and `pid`.
  package var caller: (user: UInt32, group: UInt32, process: UInt32) = (0, 0, 0)
  /// What follows the header.
  package var body: [UInt8]
  /// How much longer the header says that it is.
  package var exaggeration: UInt32 = 0
  /// How much of it is sent, the header included.
  package var cut: Int?

  /// Makes a sound request of its parts.
  package init(_ opcode: Opcode, _ node: UInt64 = 1, _ body: [UInt8] = []) {
    self.init(number: opcode.rawValue, node, body)
  }

  /// Makes a request of its parts, with any opcode.
  package init(number: UInt32, _ node: UInt64, _ body: [UInt8]) {
    opcode = number
    self.node = node
    self.body = body
  }

  /// What is sent.
  func bytes(unique: UInt64) -> [UInt8] {
    let length = UInt32(truncatingIfNeeded: 40 + body.count) &+ exaggeration
    let header =
      Self.bytes(length) + Self.bytes(opcode) + Self.bytes(unique) + Self.bytes(node) + Self.bytes(caller.user)
      + Self.bytes(caller.group) + Self.bytes(caller.process) + Self.bytes(0 as UInt32)
    let whole = header + body
    return Array(whole.prefix(cut ?? whole.count))
  }

  /// Whether an answer must come: not when the number to answer to did not arrive.
  var isAnswered: Bool {
    if let cut, cut < 40 { return false }
    return Opcode(rawValue: opcode)?.isAnswered ?? true
  }

  /// A number as it is in memory.
  package static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }

  /// A name as it follows the fixed part.
  package static func bytes(_ name: String) -> [UInt8] { Array(name.utf8) + [0] }
}

/// An answer: `struct fuse_out_header` and what follows.
package struct WireAnswer: Sendable {
  /// 0, or the system's error number.
  package var error: Int32
  /// What follows the header.
  package var body: [UInt8]

  /// A number in the body; 0 when it is shorter.
  package func number(at offset: Int) -> UInt64 {
    guard offset + 8 <= body.count else { return 0 }
    return body[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// What must not have happened.
package struct Finding: Error, Sendable, CustomStringConvertible {
  /// What it was.
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
