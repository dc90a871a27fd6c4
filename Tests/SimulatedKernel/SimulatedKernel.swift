package import CAS
import CASPlatform
import FUSE
import Glibc
import Logging
import StoreTree
import SystemPackage

/// The other end of `/dev/fuse`: a socket by which a session of a tree gets whatever requests it is sent, and no mount.
///
/// It sees to it that every request that is to be answered is, once, and in time.
package final class SimulatedKernel {
  /// How long an answer may take, in milliseconds; machines are slow at times.
  private static let replyTimeout: Int32 = 60_000

  /// The store that the tree shows.
  package let engine: any Engine
  private let socket: OpenFile
  private let session: Session
  private let hasEnded = Monitor(false)
  private var nextUnique: UInt64 = 2
  private var awaited: Set<UInt64> = []
  /// Requests that may be answered, and need not.
  private var optional: Set<UInt64> = []
  private var answers: [UInt64: WireAnswer] = [:]

  /// Shows a store, which is closed in the end.
  package init(_ engine: any Engine) throws {
    self.engine = engine
    var ends: [Int32] = [-1, -1]
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0 else {
      throw Errno(rawValue: errno)
    }
    socket = OpenFile(owning: ends[0])
    // Answers are not waited with, so there must be room for some; the superuser gets it.
    var room: Int32 = 8 << 20
    for end in ends {
      unsafe setsockopt(end, SOL_SOCKET, SO_SNDBUF, &room, socklen_t(MemoryLayout<Int32>.size))
      unsafe setsockopt(end, SOL_SOCKET, SO_SNDBUFFORCE, &room, socklen_t(MemoryLayout<Int32>.size))
    }
    var options = TreeOptions(user: 0, group: 0)
    options.incomingLimit = 1000
    let logger = Logger(label: "simulated") { _ in SwiftLogNoOpLogHandler() }
    // 7.39, all that a kernel may offer.
    let offer = WireRequest(
      .initialize, 0,
      WireRequest.bytes(7 as UInt32) + WireRequest.bytes(39 as UInt32) + WireRequest.bytes(131_072 as UInt32)
        + WireRequest.bytes(UInt32.max) + WireRequest.bytes(UInt32.max) + [UInt8](repeating: 0, count: 44))
    try Self.put(offer.bytes(unique: 1), to: socket)
    session = try Session(Tree(engine, options: options, logger: logger), over: ends[1], logger: logger)
    awaited = [1]
    try settle()
    try session.start { [hasEnded] in hasEnded.withLock { $0 = true } }
  }

  /// Sends a request.
  ///
  /// - Returns: the number by which ``takeAnswer(to:)`` knows its answer.
  @discardableResult
  package func send(_ request: WireRequest) throws -> UInt64 {
    let unique = nextUnique
    nextUnique += 2
    if request.isAnswered { awaited.insert(unique) }
    if Opcode(rawValue: request.opcode) == .interrupt { optional.insert(unique) }
    try Self.put(request.bytes(unique: unique), to: socket)
    return unique
  }

  /// Waits until everything is answered.
  package func settle() throws {
    var buffer = [UInt8](repeating: 0, count: 2 << 20)
    while true {
      var state = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
      let isThere = unsafe poll(&state, 1, awaited.isEmpty ? 0 : Self.replyTimeout)
      // libFuzzer looks at the time by a signal.
      if isThere < 0, errno == EINTR { continue }
      guard isThere > 0 else {
        if awaited.isEmpty { return }
        throw Finding("requests \(awaited.sorted()) are not answered")
      }
      let count = unsafe read(socket.rawValue, &buffer, buffer.count)
      guard count > 0 else { throw Finding("the session is gone") }
      try take(Array(buffer[..<count]))
    }
  }

  /// Takes out an answer that has come.
  package func takeAnswer(to unique: UInt64) -> WireAnswer? {
    answers.removeValue(forKey: unique)
  }

  /// Sends a request and waits for its answer.
  package func ask(_ request: WireRequest) throws -> WireAnswer {
    let unique = try send(request)
    try settle()
    guard let answer = takeAnswer(to: unique) else { throw Finding("opcode \(request.opcode) is not answered") }
    return answer
  }

  /// Ends the session, as a signal does or as an unmount does, and waits until it has.
  package func end(unmounting: Bool) throws {
    if unmounting { shutdown(socket.rawValue, Int32(SHUT_RDWR)) } else { session.stop() }
    guard hasEnded.wait(for: .milliseconds(Self.replyTimeout), until: { $0 }) else {
      throw Finding("the session does not end")
    }
  }

  private func take(_ message: [UInt8]) throws {
    let header = WireAnswer(error: 0, body: message)
    guard message.count >= 16, header.number(at: 0) & 0xFFFF_FFFF == UInt64(message.count) else {
      throw Finding("an answer of \(message.count) bytes says that it is of another length")
    }
    let unique = header.number(at: 8)
    let error = Int32(truncatingIfNeeded: header.number(at: 0) >> 32)
    // What nobody asked for is news.
    if unique == 0 { return }
    guard awaited.remove(unique) != nil || optional.remove(unique) != nil else {
      throw Finding("request \(unique) is answered twice, or is none that is answered")
    }
    guard -4095...0 ~= error, error == 0 || message.count == 16 else {
      throw Finding("request \(unique) is answered with error \(error) and \(message.count) bytes")
    }
    answers[unique] = WireAnswer(error: -error, body: Array(message[16...]))
  }

  private static func put(_ message: [UInt8], to socket: OpenFile) throws {
    guard unsafe Glibc.send(socket.rawValue, message, message.count, Int32(MSG_NOSIGNAL)) == message.count else {
      throw Finding("a request cannot be sent: \(Errno(rawValue: errno))")
    }
  }
}
