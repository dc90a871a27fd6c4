import CASPlatform
import CFUSE
import CLinux
import Glibc
import Testing

@testable import FUSE

@Suite struct DeferredReplyTests {
  /// Replies that a device has got.
  private final class Device {
    let pipe: Pipe

    init() throws {
      pipe = try Pipe()
      _ = fcntl(pipe.reader.rawValue, F_SETFL, O_NONBLOCK)
    }

    var fd: Int32 { pipe.writer.rawValue }

    /// The headers that were sent since the last call.
    func sent() -> [fuse_out_header] {
      var headers: [fuse_out_header] = []
      var header = fuse_out_header()
      while unsafe withUnsafeMutableBytes(of: &header, { unsafe read(pipe.reader.rawValue, $0.baseAddress, $0.count) })
        > 0
      {
        headers.append(header)
      }
      return headers
    }
  }

  /// Offers a reply, as libfuse sends it.
  private func hold(
    _ deferred: DeferredReply, _ unique: UInt64, error: Int32 = 0, bodySize: Int = 0, _ device: Device
  ) -> Bool {
    var header = fuse_out_header(len: UInt32(OutHeader.size + bodySize), error: error, unique: unique)
    var body: UInt64 = 0
    return unsafe withUnsafeMutableBytes(of: &header) { (header) in
      unsafe withUnsafeMutableBytes(of: &body) { (body) in
        var vectors = unsafe [
          iovec(iov_base: header.baseAddress, iov_len: header.count),
          iovec(iov_base: body.baseAddress, iov_len: bodySize),
        ]
        return unsafe deferred.hold(&vectors, bodySize > 0 ? 2 : 1, device.fd)
      }
    }
  }

  @Test("the reply to a RELEASE is held until it is sent, once")
  func holds() throws {
    let (deferred, device) = (DeferredReply(), try Device())
    deferred.begin(4)
    #expect(hold(deferred, 4, device))
    #expect(device.sent().isEmpty)
    deferred.send(device.fd)
    let sent = device.sent()
    #expect(sent.map(\.unique) == [4])
    #expect(sent.map(\.error) == [0])
    #expect(sent.map(\.len) == [16])
    deferred.send(device.fd)
    #expect(device.sent().isEmpty)
  }

  @Test("the next RELEASE sends the reply that was held before")
  func keepsOrder() throws {
    let (deferred, device) = (DeferredReply(), try Device())
    for unique in [2, 4, 6] as [UInt64] {
      deferred.begin(unique)
      #expect(hold(deferred, unique, device))
    }
    deferred.send(device.fd)
    #expect(device.sent().map(\.unique) == [2, 4, 6])
  }

  @Test("any other reply is sent by its thread")
  func declines() throws {
    let (deferred, device) = (DeferredReply(), try Device())
    // A notification, before any RELEASE.
    #expect(!hold(deferred, 0, device))
    deferred.begin(4)
    #expect(!hold(deferred, 6, device))
    #expect(!hold(deferred, 4, error: -EIO, device))
    #expect(!hold(deferred, 4, bodySize: 8, device))
    #expect(unsafe !deferred.hold(nil, 0, device.fd))
    deferred.send(device.fd)
    #expect(device.sent().isEmpty)
  }
}
