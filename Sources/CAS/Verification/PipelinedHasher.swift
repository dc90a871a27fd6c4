import CASPlatform
package import OCI

/// An incremental hash in a pipeline: another thread hashes long chunks while the caller receives and writes the next.
/// Only one thread at a time may append.
package final class PipelinedHasher: Sendable {
  private struct State {
    /// `nil` while a thread updates it.
    var digester: Digester?
    var waiting: [[UInt8]] = []
    var received: Int64 = 0
  }

  /// Chunks up to this length, in bytes, are hashed by the caller: waking another thread takes as long.
  private static let shortSize = 16 << 10

  private let state: Monitor<State>

  package init(_ algorithm: Digest.Algorithm) {
    state = Monitor(State(digester: Digester(algorithm)))
  }

  /// The number of bytes that were appended.
  package var count: Int64 { state.withLock { $0.received } }

  /// Appends the next bytes. Waits for a buffer of ``BufferPool`` while all hold content that is not hashed yet.
  package func append(_ bytes: Span<UInt8>) {
    if bytes.count <= Self.shortSize, hashInline(bytes) { return }
    var rest = bytes
    while !rest.isEmpty {
      let chunk = BufferPool.shared.copy(rest)
      rest = rest.extracting(droppingFirst: chunk.count)
      let isIdle = state.withLock { state in
        state.received += Int64(chunk.count)
        state.waiting.append(chunk)
        return state.digester != nil && state.waiting.count == 1
      }
      if isIdle { ThreadPool.shared.submit { self.run() } }
    }
  }

  /// Waits until everything is hashed, and returns the digest.
  ///
  /// - Returns: `nil` as ``Digester/digest``, which does not happen in practice.
  package func finish() -> Digest? {
    state.wait(until: { $0.digester != nil && $0.waiting.isEmpty }, then: { $0.digester?.digest })
  }

  private func hashInline(_ bytes: Span<UInt8>) -> Bool {
    state.withLock { state in
      guard state.waiting.isEmpty, state.digester != nil else { return false }
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
