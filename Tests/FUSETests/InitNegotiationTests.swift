import CASPlatform
import CFUSE
import CLinux
import Glibc
import Testing

@testable import FUSE

@Suite struct InitNegotiationTests {
  /// FUSE_INIT as a kernel sent it, and the features that casfs gets of it.
  struct Kernel: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The whole request; `unique` is 2.
    let request: [UInt32]
    let granted: InitNegotiation.Features
  }

  private static let header: [UInt32] = [Opcode.initialize.rawValue, 2, 0, 0, 0, 0, 0, 0, 0]
  private static let zeros = [UInt32](repeating: 0, count: 11)

  static let kernels = [
    Kernel(
      testDescription: "7.31, Linux 5.4", request: [56] + header + [7, 31, 0x20000, 0x03FF_FFFB],
      granted: .parallelDirectoryOperations),
    Kernel(
      testDescription: "7.38, Linux 6.2", request: [104] + header + [7, 38, 0x20000, 0x73FF_FFFB, 0x0D] + zeros,
      granted: .parallelDirectoryOperations),
    Kernel(
      testDescription: "7.39, Linux 6.6", request: [104] + header + [7, 39, 0x20000, 0x73FF_FFFB, 0x5D] + zeros,
      granted: [.parallelDirectoryOperations, .directIOMapping]),
    Kernel(
      testDescription: "7.45, Linux 6.18", request: [104] + header + [7, 45, 0x20000, 0x73FF_FFFB, 0x5FD] + zeros,
      granted: [.parallelDirectoryOperations, .directIOMapping, .passthrough]),
  ]

  /// libfuse 3.14's reply to the last of them, before casfs edits it.
  private static let reply: [UInt32] =
    [7, 31, 0x20000, 0x0040_E029, 0x0060_0080, 0x10_0000, 1, 0x0000_0100, 0] + [0, 0, 0, 0, 0, 0, 0]

  private static let everything: InitNegotiation.Features = [
    .parallelDirectoryOperations, .directIOMapping, .passthrough,
  ]

  private static func negotiation(
    _ kernel: [UInt32], wanting wanted: InitNegotiation.Features = everything, stackDepth: UInt32 = 1
  ) -> InitNegotiation {
    let negotiation = InitNegotiation(wanting: wanted, stackDepth: stackDepth)
    unsafe kernel.withUnsafeBytes { unsafe negotiation.inspect($0) }
    return negotiation
  }

  /// Sends a reply.
  ///
  /// - Returns: the body that arrives.
  private static func send(_ body: [UInt32], unique: UInt64 = 2, _ negotiation: InitNegotiation) throws -> [UInt32] {
    let pipe = try Pipe()
    var header = fuse_out_header(len: UInt32(16 + 4 * body.count), error: 0, unique: unique)
    var body = body
    let count = unsafe withUnsafeMutableBytes(of: &header) { (header) in
      unsafe body.withUnsafeMutableBytes { (body) in
        var vectors = unsafe [
          iovec(iov_base: header.baseAddress, iov_len: header.count),
          iovec(iov_base: body.baseAddress, iov_len: body.count),
        ]
        return unsafe negotiation.send(pipe.writer.rawValue, &vectors, 2)
      }
    }
    #expect(count == 16 + 4 * body.count)
    var sent = [UInt32](repeating: 0, count: count / 4)
    #expect(unsafe read(pipe.reader.rawValue, &sent, count) == count)
    return Array(sent[4...])
  }

  @Test("the reply has the wanted features that the kernel offers", arguments: kernels)
  func features(_ kernel: Kernel) throws {
    let negotiation = Self.negotiation(kernel.request, stackDepth: 2)
    let sent = try Self.send(Self.reply, negotiation)
    var expected = Self.reply
    expected[3] |= kernel.granted.flags
    if kernel.granted.flags2 != 0 {
      expected[3] |= UInt32(FUSE_INIT_EXT)
      expected[8] = kernel.granted.flags2
    }
    if kernel.granted.contains(.passthrough) { expected[9] = 2 }
    #expect(sent == expected)
    #expect(negotiation.granted == kernel.granted)
  }

  @Test("the flags are at the places of Linux 6.18")
  func bytes() throws {
    let sent = try Self.send(Self.reply, Self.negotiation(Self.kernels[3].request))
    #expect(sent[3] == 0x4044_E029)
    #expect(sent[8...9] == [0x30, 1])
  }

  @Test("a feature that is not wanted is not requested")
  func unwanted() throws {
    let negotiation = Self.negotiation(Self.kernels[3].request, wanting: [.directIOMapping])
    let sent = try Self.send(Self.reply, negotiation)
    #expect(sent[3] == 0x4040_E029)
    #expect(sent[8...9] == [0x10, 0])
  }

  @Test("only the first reply to FUSE_INIT is edited")
  func others() throws {
    let negotiation = Self.negotiation(Self.kernels[3].request)
    #expect(try Self.send(Self.reply, unique: 4, negotiation) == Self.reply)
    #expect(try Self.send(Self.reply, negotiation) != Self.reply)
    #expect(try Self.send(Self.reply, negotiation) == Self.reply)
  }

  @Test("no feature is granted by a reply of an older protocol, which has no place for it")
  func shortReply() throws {
    let negotiation = Self.negotiation(Self.kernels[3].request)
    let short = Array(Self.reply.prefix(6))
    #expect(try Self.send(short, negotiation) == short)
    #expect(negotiation.granted.isEmpty)
  }

  @Test("features are taken from FUSE_INIT alone")
  func otherRequest() throws {
    var request = Self.kernels[3].request
    request[1] = Opcode.lookup.rawValue
    #expect(Self.negotiation(request).granted.isEmpty)
    #expect(Self.negotiation([]).granted.isEmpty)
    #expect(Self.negotiation(Array(Self.kernels[3].request.prefix(13))).granted.isEmpty)
  }
}
