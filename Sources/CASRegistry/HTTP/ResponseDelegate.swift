import AsyncHTTPClient
import CAS
import CASPlatform
import NIOCore
import NIOHTTP1

/// Hands one response from the client's event loop to a blocking thread, with backpressure: the connection is not read
/// while ``bufferLimit`` bytes wait for that thread.
final class ResponseDelegate: HTTPClientResponseDelegate {
  struct State {
    var head: HTTPResponseHead?
    /// Parts that the thread has not read yet, and their bytes in total.
    var parts: [ByteBuffer] = []
    var bufferedBytes = 0
    /// Backpressure: the event loop reads the next part when this is fulfilled.
    var readPromise: EventLoopPromise<Void>?
    var isFinished = false
    var failure: RegistryError?
    /// The writer of the request's body, once there is a connection.
    var writer: (writer: HTTPClient.Body.StreamWriter, finished: EventLoopPromise<Void>)?
    /// Chunks of the body that the connection has accepted.
    var writtenChunks = 0
    /// Changes with every event, to tell a slow exchange from a silent one.
    var progress = 0
  }

  /// Bytes that may wait here. Data that is here survives a broken connection; data in the client's buffers does not.
  private static let bufferLimit = 1 << 20

  let state = Monitor(State())
  private let proxy: Proxy?

  /// - Parameter proxy: the proxy that the request goes through, for the errors of its connection.
  init(through proxy: Proxy?) {
    self.proxy = proxy
  }

  func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
    state.withLock { state in
      state.head = head
      state.progress += 1
    }
    return task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
    let loop = task.eventLoop
    return state.withLock { state in
      guard state.failure == nil else { return loop.makeFailedFuture(HTTPClientError.cancelled) }
      state.parts.append(buffer)
      state.bufferedBytes += buffer.readableBytes
      state.progress += 1
      guard state.bufferedBytes >= Self.bufferLimit else { return loop.makeSucceededVoidFuture() }
      let readPromise = loop.makePromise(of: Void.self)
      state.readPromise = readPromise
      return readPromise.futureResult
    }
  }

  func didSendRequestPart(task: HTTPClient.Task<Void>, _ part: IOData) {
    state.withLock { $0.progress += 1 }
  }

  func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
    fail(RegistryError(error, through: proxy))
  }

  func didFinishRequest(task: HTTPClient.Task<Void>) throws {
    state.withLock { state in
      state.isFinished = true
      state.progress += 1
    }
  }

  /// Ends the exchange with an error, unless it has one. Parts that arrived before can still be read.
  func fail(_ error: RegistryError) {
    let (readPromise, writer) = state.withLock { (state) in
      defer { (state.readPromise, state.writer) = (nil, nil) }
      if state.failure == nil { state.failure = error }
      return (state.readPromise, state.writer)
    }
    readPromise?.fail(HTTPClientError.cancelled)
    writer?.finished.fail(HTTPClientError.cancelled)
  }

  /// Makes a request body that the blocking thread streams.
  ///
  /// - Parameter length: its length in bytes.
  func body(length: Int64, on loop: any EventLoop) -> HTTPClient.Body {
    .stream(contentLength: length) { (writer) in
      let finished = loop.makePromise(of: Void.self)
      let isAccepted = self.state.withLock { state in
        guard state.failure == nil else { return false }
        state.writer = (writer, finished)
        state.progress += 1
        return true
      }
      if !isAccepted { finished.fail(HTTPClientError.cancelled) }
      return finished.futureResult
    }
  }
}
