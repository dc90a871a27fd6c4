package import CAS
import CASPlatform
import CLinux
import FUSE
import Glibc
import Logging
import StoreTree
import SystemPackage

/// A stand-in for the kernel: a socket in the place of `/dev/fuse` that sends any request to a session, without a mount.
///
/// Checks that each request that expects a reply gets exactly one, in time.
package final class SimulatedKernel {
  /// A limit in milliseconds that only a hang reaches, on a slow machine too.
  private static let replyTimeout: Int32 = 60_000

  /// The mounted store.
  package let engine: any Engine
  private let socket: OpenFile
  private let session: Session
  private let hasEnded = Monitor(false)
  private var nextUnique: UInt64 = 2
  private var awaited: Set<UInt64> = []
  /// Requests that may get a reply: FUSE_INTERRUPT.
  private var optional: Set<UInt64> = []
  private var replies: [UInt64: WireReply] = [:]

  /// Starts a session of a store; ``end(unmounting:)`` closes it.
  package init(_ engine: any Engine) throws {
    self.engine = engine
    var ends: [Int32] = [-1, -1]
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0 else {
      throw Errno(rawValue: errno)
    }
    socket = OpenFile(owning: ends[0])
    // The session does not wait for buffer space, as /dev/fuse has it always. Only the superuser can get this much.
    var size: Int32 = 8 << 20
    for end in ends {
      unsafe setsockopt(end, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
      unsafe setsockopt(end, SOL_SOCKET, SO_SNDBUFFORCE, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var options = TreeOptions(user: 0, group: 0)
    options.incomingLimit = 1000
    let logger = Logger(label: "simulated") { _ in SwiftLogNoOpLogHandler() }
    let offer = WireRequest(
      .initialize, 0,
      wire(fuse_init_in()) {
        $0.major = UInt32(FUSE_KERNEL_VERSION)
        $0.minor = 39
        $0.max_readahead = 128 << 10
        $0.flags = .max
        $0.flags2 = .max
      })
    try Self.put(offer.bytes(unique: 1), to: socket)
    session = try Session(Tree(engine, options: options, logger: logger), over: ends[1], logger: logger)
    awaited = [1]
    try settle()
    try session.start { [hasEnded] in hasEnded.withLock { $0 = true } }
  }

  /// Sends a request.
  ///
  /// - Returns: its number, for ``takeReply(to:)``.
  @discardableResult
  package func send(_ request: WireRequest) throws -> UInt64 {
    let unique = nextUnique
    nextUnique += 2
    if request.expectsReply { awaited.insert(unique) }
    if Opcode(rawValue: request.opcode) == .interrupt { optional.insert(unique) }
    try Self.put(request.bytes(unique: unique), to: socket)
    return unique
  }

  /// Waits until all requests have their replies.
  package func settle() throws {
    var buffer = [UInt8](repeating: 0, count: 2 << 20)
    while true {
      var state = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
      let ready = unsafe poll(&state, 1, awaited.isEmpty ? 0 : Self.replyTimeout)
      // libFuzzer's timer is a signal.
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else {
        if awaited.isEmpty { return }
        throw Finding("no reply to requests \(awaited.sorted())")
      }
      let count = unsafe read(socket.rawValue, &buffer, buffer.count)
      guard count > 0 else { throw Finding("the session has ended") }
      try take(Array(buffer[..<count]))
    }
  }

  /// Removes and returns a reply.
  package func takeReply(to unique: UInt64) -> WireReply? {
    replies.removeValue(forKey: unique)
  }

  /// Sends a request and waits for its reply.
  package func ask(_ request: WireRequest) throws -> WireReply {
    let unique = try send(request)
    try settle()
    guard let reply = takeReply(to: unique) else { throw Finding("no reply to opcode \(request.opcode)") }
    return reply
  }

  /// Ends the session, as an unmount or a signal does, and waits until it has ended.
  package func end(unmounting: Bool) throws {
    if unmounting { shutdown(socket.rawValue, Int32(SHUT_RDWR)) } else { session.stop() }
    guard hasEnded.wait(for: .milliseconds(Self.replyTimeout), until: { $0 }) else {
      throw Finding("the session does not end")
    }
  }

  private func take(_ message: [UInt8]) throws {
    guard let reply = WireReply(message) else { throw Finding("wrong length in a reply of \(message.count) bytes") }
    // A notification.
    if reply.unique == 0 { return }
    guard awaited.remove(reply.unique) != nil || optional.remove(reply.unique) != nil else {
      throw Finding("second reply, or a needless one, to request \(reply.unique)")
    }
    guard 0...4095 ~= reply.error, reply.error == 0 || reply.body.isEmpty else {
      throw Finding("error \(reply.error) with \(reply.body.count) bytes for request \(reply.unique)")
    }
    replies[reply.unique] = reply
  }

  private static func put(_ message: [UInt8], to socket: OpenFile) throws {
    guard unsafe Glibc.send(socket.rawValue, message, message.count, Int32(MSG_NOSIGNAL)) == message.count else {
      throw Finding("send a request: \(Errno(rawValue: errno))")
    }
  }
}
