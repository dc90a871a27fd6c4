import CASPlatform
package import OCI

/// The hash of content that comes from front to back: long pieces are hashed by another thread, so that the next can be
/// received and written meanwhile. Pieces are added by one thread at a time.
package final class PipelinedHasher: Sendable {
  private struct State {
    /// `nil` while a thread works with it.
    var digester: Digester?
    var waiting: [[UInt8]] = []
    var received: Int64 = 0
  }

  /// Shorter pieces are hashed at once: to wake another thread would take as long.
  private static let shortSize = 16 << 10

  private let state: Monitor<State>

  package init(_ algorithm: Digest.Algorithm) {
    state = Monitor(State(digester: Digester(algorithm)))
  }

  /// How many bytes were added.
  package var count: Int64 { state.withLock { $0.received } }

  /// Adds the next bytes; waits when those before are not hashed yet and fill the memory there is for them.
  package func append(_ bytes: Span<UInt8>) {
    if bytes.count <= Self.shortSize, hashAtOnce(bytes) { return }
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

  /// The digest of all that was added, when the last of it is hashed.
  ///
  /// - Returns: `nil` never in practice, see ``Digester/digest``.
  package func finish() -> Digest? {
    state.wait(until: { $0.digester != nil && $0.waiting.isEmpty }, then: { $0.digester?.digest })
  }

  private func hashAtOnce(_ bytes: Span<UInt8>) -> Bool {
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
      // Nobody else may hold it, or its memory is not used again.
      BufferPool.shared.recycle(consume chunk)
    }
  }
}
