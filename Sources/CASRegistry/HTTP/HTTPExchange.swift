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
  private static let storeTimeout = Duration.seconds(300)
  /// How long an answer may take that is to be short, however it comes.
  private static let bodyTimeout = Duration.seconds(60)
  /// How long the client may take to tell that an answer is complete.
  private static let completionTimeout = Duration.milliseconds(100)

  private let delegate: ResponseDelegate
  private let task: HTTPClient.Task<Void>
  private let cancellation: CancellationToken
  private let permit: ConnectionLimiter.Permit
  /// How long nothing may happen, and for how long that is now.
  private let defaultSilenceTimeout: Duration
  private var silenceTimeout: Duration
  /// Whether the request has a body that is written here, and whether the answer came before all of it was.
  private var isUpload = false
  private var isAnsweredEarly = false
  /// How long the answer's body is so far.
  private var receivedBytes = 0

  init(
    _ delegate: ResponseDelegate, _ task: HTTPClient.Task<Void>, _ cancellation: CancellationToken,
    _ permit: ConnectionLimiter.Permit, silenceTimeout: Duration
  ) {
    defaultSilenceTimeout = silenceTimeout
    self.silenceTimeout = silenceTimeout
    self.delegate = delegate
    self.task = task
    self.cancellation = cancellation
    self.permit = permit
  }

  deinit {
    fail(.cancelled)
    permit.release()
  }

  /// Waits for the head of the answer.
  func head() throws(RegistryError) -> HTTPResponseHead {
    while true {
      try wait { $0.head != nil || $0.isFinished }
      if let head = delegate.state.withLock({ $0.head }) {
        silenceTimeout = defaultSilenceTimeout
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
    let (part, readPromise) = delegate.state.withLock { (state) -> (ByteBuffer?, EventLoopPromise<Void>?) in
      guard !state.parts.isEmpty else { return (nil, nil) }
      let part = state.parts.removeFirst()
      state.bufferedBytes -= part.readableBytes
      defer { state.readPromise = nil }
      return (part, state.readPromise)
    }
    readPromise?.succeed()
    receivedBytes += part?.readableBytes ?? 0
    return part
  }

  /// Whether all of the answer has come. Of one that comes before the client has seen the end of the request, which may
  /// be sent all the same, it never tells.
  private var isComplete: Bool {
    let length = delegate.state.withLock(notifying: .none) { $0.head?.headers.first(name: "Content-Length") }.flatMap {
      Int($0)
    }
    guard receivedBytes >= length ?? (isAnsweredEarly ? 0 : .max) else { return false }
    if !isAnsweredEarly {
      _ = delegate.state.wait(for: Self.completionTimeout) { $0.isFinished || $0.failure != nil || !$0.parts.isEmpty }
    }
    return delegate.state.withLock(notifying: .none) { $0.parts.isEmpty }
  }

  /// The rest of the body, when it is no longer than that; `nil` when it is, and then the exchange is at its end.
  func body(limit: Int) throws(RegistryError) -> [UInt8]? {
    var content: [UInt8] = []
    let deadline = ContinuousClock.now + Self.bodyTimeout
    while let part = try nextPart() {
      guard ContinuousClock.now < deadline else {
        throw .unreachable("incomplete response after \(Self.bodyTimeout.components.seconds) seconds")
      }
      guard part.readableBytes <= limit - content.count else {
        fail(.cancelled)
        permit.release()
        return nil
      }
      content.append(contentsOf: part.readableBytesView)
    }
    return content
  }

  /// Writes the request's body, a chunk at a time, no faster than it is taken; ends early when the answer comes before.
  ///
  /// - Parameter read: gives the chunk at an offset.
  func write(
    length: Int64, _ read: (Int64, Int) throws(RegistryError) -> [UInt8]
  ) throws(RegistryError) {
    let chunkSize: Int64 = 256 << 10
    try wait { $0.writer != nil || $0.head != nil }
    guard let (writer, finished) = delegate.state.withLock({ $0.writer }) else { return }
    isUpload = true
    var offset: Int64 = 0
    var chunks = 0
    while offset < length {
      let chunk = try read(offset, Int(min(chunkSize, length - offset)))
      offset += Int64(chunk.count)
      chunks += 1
      let delegate = delegate
      writer.write(.byteBuffer(ByteBuffer(bytes: chunk))).whenSuccess {
        delegate.state.withLock { $0.writtenChunks += 1 }
      }
      try wait { $0.head != nil || $0.writtenChunks == chunks }
      if delegate.state.withLock(notifying: .none, { $0.head }) != nil {
        // The rest, if any, is not wanted.
        isAnsweredEarly = true
        return
      }
    }
    delegate.state.withLock { $0.writer = nil }
    finished.succeed()
    // What is complete the registry may put elsewhere before it answers.
    silenceTimeout = Self.storeTimeout
  }

  /// Waits until something is there; what goes wrong, takes too long or is cancelled meanwhile ends the exchange.
  private func wait(until condition: (ResponseDelegate.State) -> Bool) throws(RegistryError) {
    var deadline = ContinuousClock.now + silenceTimeout
    var progress = -1
    while !delegate.state.wait(for: Self.pollInterval, until: { condition($0) || $0.failure != nil }) {
      if cancellation.isCancelled { fail(.cancelled) }
      let now = ContinuousClock.now
      let current = delegate.state.withLock(notifying: .none) { $0.progress }
      if current != progress {
        progress = current
        deadline = now + silenceTimeout
      } else if now > deadline {
        fail(.unreachable("no data for \(silenceTimeout.components.seconds) seconds"))
      }
    }
    // What came before something went wrong counts.
    let failure = delegate.state.withLock(notifying: .none) { condition($0) ? nil : $0.failure }
    if let failure { throw failure }
  }

  private func fail(_ error: RegistryError) {
    let isRunning = delegate.state.withLock(notifying: .none) { !$0.isFinished && $0.failure == nil }
    delegate.fail(error)
    if isRunning { task.cancel() }
  }
}
