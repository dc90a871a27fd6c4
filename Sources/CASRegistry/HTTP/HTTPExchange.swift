import AsyncHTTPClient
import CAS
import CASPlatform
import NIOCore
import NIOHTTP1

/// A blocking view of one request and its response, for one thread that is not an event loop's. The release of the last
/// reference cancels the request.
final class HTTPExchange {
  /// How often a waiting thread tests the cancellation token.
  private static let pollInterval = Duration.milliseconds(20)
  /// The longest silence after a complete upload, while the registry stores it.
  private static let storeTimeout = Duration.seconds(300)
  /// The longest time for all of a short response, even if each part of it arrives in time.
  private static let bodyTimeout = Duration.seconds(60)
  /// How long to wait for the client to report a response as complete.
  private static let completionTimeout = Duration.milliseconds(100)

  private let delegate: ResponseDelegate
  private let task: HTTPClient.Task<Void>
  private let cancellation: CancellationToken
  private let permit: ConnectionLimiter.Permit
  /// The proxy that forwards the request, and may answer it by itself.
  let forwardingProxy: Proxy?
  /// The longest time without progress; ``silenceTimeout`` is the one in effect.
  private let defaultSilenceTimeout: Duration
  private var silenceTimeout: Duration
  /// Whether the request has a streamed body, and whether the response came before the end of it.
  private var isUpload = false
  private var isAnsweredEarly = false
  /// Bytes of the response's body so far.
  private var receivedBytes = 0

  init(
    _ delegate: ResponseDelegate, _ task: HTTPClient.Task<Void>, _ cancellation: CancellationToken,
    _ permit: ConnectionLimiter.Permit, silenceTimeout: Duration, forwardedBy forwardingProxy: Proxy? = nil
  ) {
    self.forwardingProxy = forwardingProxy
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

  /// Waits for status and headers of the response.
  func head() throws(RegistryError) -> HTTPResponseHead {
    while true {
      try wait { $0.head != nil || $0.isFinished }
      if let head = delegate.state.withLock({ $0.head }) {
        silenceTimeout = defaultSilenceTimeout
        // Only a proxy asks for the credentials of a proxy (RFC 9110, section 15.5.8).
        if let forwardingProxy, head.status.code == 407 { throw .missingCredentials(of: forwardingProxy) }
        return head
      }
    }
  }

  /// Waits for the next part of the response's body; `nil` at its end.
  ///
  /// The end releases the permit, because the caller may need another exchange before it drops this one.
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

  /// Whether all of the response has arrived.
  ///
  /// The client never reports the end of a response that came before the end of the request, so the length decides.
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

  /// Reads the rest of the body; `nil` if it exceeds the limit in bytes, which cancels the exchange.
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

  /// Streams the request's body, one chunk at a time, and stops when the response comes early.
  ///
  /// - Parameter read: returns the chunk of a length in bytes at an offset.
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
        // The server decided without the rest of the body.
        isAnsweredEarly = true
        return
      }
    }
    delegate.state.withLock { $0.writer = nil }
    finished.succeed()
    // A registry may copy the blob to its storage before it responds.
    silenceTimeout = Self.storeTimeout
  }

  /// Waits for a condition. An error, a cancellation, or a silence longer than ``silenceTimeout`` ends the exchange.
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
        let proxy = forwardingProxy.map { " (proxy \($0))" } ?? ""
        fail(.unreachable("no data for \(silenceTimeout.components.seconds) seconds\(proxy)"))
      }
    }
    // Data that arrived before the error is still delivered.
    let failure = delegate.state.withLock(notifying: .none) { condition($0) ? nil : $0.failure }
    if let failure { throw failure }
  }

  /// Cancels the request, unless it has ended.
  private func fail(_ error: RegistryError) {
    let isRunning = delegate.state.withLock(notifying: .none) { !$0.isFinished && $0.failure == nil }
    delegate.fail(error)
    if isRunning { task.cancel() }
  }
}
