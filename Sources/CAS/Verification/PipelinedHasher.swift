import CASPlatform
package import OCI

/// An incremental hash in a pipeline: another thread hashes long chunks while the caller receives and writes the next.
/// Only one thread at a time may append.
package final class PipelinedHasher: Sendable {
  private struct State {
    /// `nil` while a thread updates it.
    var digester: Digester?
    var waiting: [[UInt8]] = []
    /// Bytes behind those that wait, until they are enough to wake another thread for.
    var batch: [UInt8]?
    var received: Int64 = 0

    var isIdle: Bool { digester != nil && waiting.isEmpty }
  }

  /// Chunks up to this length, in bytes, are hashed by the caller: waking another thread takes as long.
  private static let shortSize = 16 << 10
  /// The length in bytes from which another thread hashes a batch. Most tools write pieces of 32 KiB.
  private static let batchSize = 256 << 10

  private let state: Monitor<State>

  package init(_ algorithm: Digest.Algorithm) {
    state = Monitor(State(digester: Digester(algorithm)))
  }

  deinit {
    if let batch = state.withLock({ $0.batch.take() }) { BufferPool.shared.recycle(kept: batch) }
  }

  /// The number of bytes that were appended.
  package var count: Int64 { state.withLock { $0.received } }

  /// Appends the next bytes. Waits for a buffer of ``BufferPool`` while all hold content that is not hashed yet.
  package func append(_ bytes: Span<UInt8>) {
    if bytes.count <= Self.shortSize, hashInline(bytes) { return }
    var rest = bytes
    while !rest.isEmpty {
      var chunk = takeBatch() ?? BufferPool.shared.take()
      let count = min(rest.count, BufferPool.chunkSize - chunk.count)
      chunk.append(copying: rest.extracting(first: count))
      rest = rest.extracting(droppingFirst: count)
      state.withLock { $0.received += Int64(count) }
      if chunk.count < Self.batchSize, BufferPool.shared.beginKeeping() {
        keep(consume chunk)
      } else if submit(consume chunk) {
        ThreadPool.shared.submit { self.run() }
      }
    }
  }

  /// Waits until everything is hashed, and returns the digest.
  ///
  /// - Returns: `nil` as ``Digester/digest``, which does not happen in practice.
  package func finish() -> Digest? {
    if submitBatch() { run() }
    return state.wait(until: { $0.isIdle }, then: { $0.digester?.digest })
  }

  private func keep(_ chunk: [UInt8]) {
    state.withLock { $0.batch = chunk }
  }

  private func takeBatch() -> [UInt8]? {
    guard let batch = state.withLock({ $0.batch.take() }) else { return nil }
    BufferPool.shared.endKeeping()
    return batch
  }

  private func submitBatch() -> Bool {
    guard let batch = takeBatch() else { return false }
    return submit(batch)
  }

  /// Adds a chunk to those that wait.
  ///
  /// - Returns: whether no thread hashes, so that one must run.
  private func submit(_ chunk: [UInt8]) -> Bool {
    state.withLock { state in
      let isIdle = state.isIdle
      state.waiting.append(chunk)
      return isIdle
    }
  }

  private func hashInline(_ bytes: Span<UInt8>) -> Bool {
    state.withLock { state in
      guard state.isIdle, state.batch == nil else { return false }
      state.digester?.update(bytes)
      state.received += Int64(bytes.count)
      return true
    }
  }

  private func run() {
    guard var digester = state.withLock({ $0.digester.take() }) else { return }
    while true {
      let next: [UInt8]? = state.withLock { state in
        if !state.waiting.isEmpty { return state.waiting.removeFirst() }
        state.digester = digester
        return nil
      }
      guard let chunk = consume next else { return }
      digester.update(chunk.span)
      // The buffer is recycled only if this is the last reference to it.
      BufferPool.shared.recycle(consume chunk)
    }
  }
}
