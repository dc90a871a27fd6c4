import AsyncHTTPClient
import CAS
import CASPlatform
import NIOCore
import NIOHTTP1

/// One request and its answer, for one thread that waits: never a thread of an event loop. Who lets go of it ends it.
final class HTTPExchange {
  /// How often who waits looks whether it was cancelled.
  private static let pollInterval = Duration.milliseconds(20)
  /// How long a registry may take to store what it was sent.
  private static let storingTime = Duration.seconds(300)
  /// How long an answer may take that is to be short, however it comes.
  private static let shortAnswerTime = Duration.seconds(60)
  /// How long the client may take to tell that an answer is complete.
  private static let endTime = Duration.milliseconds(100)

  private let delegate: ResponseDelegate
  private let task: HTTPClient.Task<Void>
  private let cancellation: CancellationToken
  private let permit: ConnectionLimiter.Permit
  /// How long nothing may happen, and for how long that is now.
  private let defaultTimeout: Duration
  private var timeout: Duration
  /// Whether the request has a body that is written here, and whether the answer came before all of it was.
  private var isUpload = false
  private var isEarly = false
  /// How long the answer's body is so far.
  private var received = 0

  init(
    _ delegate: ResponseDelegate, _ task: HTTPClient.Task<Void>, _ cancellation: CancellationToken,
    _ permit: ConnectionLimiter.Permit, timeout: Duration
  ) {
    defaultTimeout = timeout
    self.timeout = timeout
    self.delegate = delegate
    self.task = task
    self.cancellation = cancellation
    self.permit = permit
  }

  deinit {
    end(.cancelled)
    permit.release()
  }

  /// Waits for the head of the answer.
  func head() throws(RegistryError) -> HTTPResponseHead {
    while true {
      try wait { $0.head != nil || $0.isFinished }
      if let head = delegate.state.withLock({ $0.head }) {
        timeout = defaultTimeout
        return head
      }
    }
  }

  /// The next part of the answer's body; `nil` at its end. Then another exchange may begin in the place of this one, for
  /// who has read an answer may have to ask something else before it is of use.
  func nextPart() throws(RegistryError) -> ByteBuffer? {
    let part = try takePart()
    if part == nil { permit.release() }
    return part
  }

  private func takePart() throws(RegistryError) -> ByteBuffer? {
    if isUpload, isComplete { return nil }
    try wait { !$0.parts.isEmpty || $0.isFinished }
    let (part, taken) = delegate.state.withLock { (state) -> (ByteBuffer?, EventLoopPromise<Void>?) in
      guard !state.parts.isEmpty else { return (nil, nil) }
      let part = state.parts.removeFirst()
      state.waiting -= part.readableBytes
      defer { state.taken = nil }
      return (part, state.taken)
    }
    taken?.succeed()
    received += part?.readableBytes ?? 0
    return part
  }

  /// Whether all of the answer has come. Of one that comes before the client has seen the end of the request, which may
  /// be sent all the same, it never tells.
  private var isComplete: Bool {
    let length = delegate.state.withLock(notifying: .none) { $0.head?.headers.first(name: "Content-Length") }.flatMap {
      Int($0)
    }
    guard received >= length ?? (isEarly ? 0 : .max) else { return false }
    if !isEarly {
      _ = delegate.state.wait(for: Self.endTime) { $0.isFinished || $0.failure != nil || !$0.parts.isEmpty }
    }
    return delegate.state.withLock(notifying: .none) { $0.parts.isEmpty }
  }

  /// The rest of the body, when it is no longer than that; `nil` when it is, and then the exchange is at its end.
  func body(limit: Int) throws(RegistryError) -> [UInt8]? {
    var content: [UInt8] = []
    let deadline = ContinuousClock.now + Self.shortAnswerTime
    while let part = try nextPart() {
      guard ContinuousClock.now < deadline else { throw .unreachable("the answer does not come to its end") }
      guard part.readableBytes <= limit - content.count else {
        end(.cancelled)
        permit.release()
        return nil
      }
      content.append(contentsOf: part.readableBytesView)
    }
    return content
  }

  /// Writes the request's body, a piece at a time, no faster than it is taken; ends early when the answer comes before.
  ///
  /// - Parameter read: gives the piece at an offset.
  func write(
    length: Int64, _ read: (Int64, Int) throws(RegistryError) -> [UInt8]
  ) throws(RegistryError) {
    let pieceSize: Int64 = 256 << 10
    try wait { $0.writer != nil || $0.head != nil }
    guard let (writer, finished) = delegate.state.withLock({ $0.writer }) else { return }
    isUpload = true
    var offset: Int64 = 0
    var pieces = 0
    while offset < length {
      let piece = try read(offset, Int(min(pieceSize, length - offset)))
      offset += Int64(piece.count)
      pieces += 1
      let delegate = delegate
      writer.write(.byteBuffer(ByteBuffer(bytes: piece))).whenSuccess { delegate.state.withLock { $0.written += 1 } }
      try wait { $0.head != nil || $0.written == pieces }
      if delegate.state.withLock(notifying: .none, { $0.head }) != nil {
        // The rest, if any, is not wanted.
        isEarly = true
        return
      }
    }
    delegate.state.withLock { $0.writer = nil }
    finished.succeed()
    // What is complete the registry may put elsewhere before it answers.
    timeout = Self.storingTime
  }

  /// Waits until something is there; what goes wrong, takes too long or is cancelled meanwhile ends the exchange.
  private func wait(until condition: (ResponseDelegate.State) -> Bool) throws(RegistryError) {
    var deadline = ContinuousClock.now + timeout
    var progress = -1
    while !delegate.state.wait(for: Self.pollInterval, until: { condition($0) || $0.failure != nil }) {
      if cancellation.isCancelled { end(.cancelled) }
      let now = ContinuousClock.now
      let latest = delegate.state.withLock(notifying: .none) { $0.progress }
      if latest != progress {
        progress = latest
        deadline = now + timeout
      } else if now > deadline {
        end(.unreachable("nothing came for \(timeout.components.seconds) seconds"))
      }
    }
    // What came before something went wrong counts.
    let failure = delegate.state.withLock(notifying: .none) { condition($0) ? nil : $0.failure }
    if let failure { throw failure }
  }

  private func end(_ fault: RegistryError) {
    let isRunning = delegate.state.withLock(notifying: .none) { !$0.isFinished && $0.failure == nil }
    delegate.fail(fault)
    if isRunning { task.cancel() }
  }
}
