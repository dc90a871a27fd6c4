import AsyncHTTPClient
import CAS
import CASPlatform
import NIOCore
import NIOHTTP1

/// Takes what the HTTP client's event loop gives of one exchange, for a thread that waits for it: the connection is read
/// little further than that thread has come.
final class ResponseDelegate: HTTPClientResponseDelegate {
  struct State {
    var head: HTTPResponseHead?
    /// The parts that nobody has taken yet, and how long they are together.
    var parts: [ByteBuffer] = []
    var bufferedBytes = 0
    /// Lets the next part come.
    var readPromise: EventLoopPromise<Void>?
    var isFinished = false
    var failure: RegistryError?
    /// Writes the request's body, once the connection is there for it.
    var writer: (writer: HTTPClient.Body.StreamWriter, finished: EventLoopPromise<Void>)?
    /// How many pieces of it were taken.
    var writtenChunks = 0
    /// Counts everything that happens.
    var progress = 0
  }

  /// How much may be waiting, in bytes: what the client has when a connection breaks is lost, what is here is not.
  private static let bufferLimit = 1 << 20

  let state = Monitor(State())

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
    fail(RegistryError(error))
  }

  func didFinishRequest(task: HTTPClient.Task<Void>) throws {
    state.withLock { state in
      state.isFinished = true
      state.progress += 1
    }
  }

  /// Ends the exchange; the first reason counts. What came before can still be taken.
  func fail(_ error: RegistryError) {
    let (readPromise, writer) = state.withLock { (state) in
      defer { (state.readPromise, state.writer) = (nil, nil) }
      if state.failure == nil { state.failure = error }
      return (state.readPromise, state.writer)
    }
    readPromise?.fail(HTTPClientError.cancelled)
    writer?.finished.fail(HTTPClientError.cancelled)
  }

  /// The body of a request, of this length, that the thread writes.
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
