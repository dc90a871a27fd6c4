import CASPlatform

/// Buffers for content that another thread hashes. Their number is bounded, and with it the memory of the process.
final class BufferPool: Sendable {
  /// The pool of this process: 8 MiB, enough to keep several hashing threads busy while the next content arrives.
  static let shared = BufferPool(limit: 8)
  /// The size of a buffer, in bytes.
  static let chunkSize = 1 << 20

  private struct State {
    var available: Int
    var spare: [[UInt8]] = []
  }

  private let state: Monitor<State>

  init(limit: Int) {
    state = Monitor(State(available: limit))
  }

  /// Copies bytes to a buffer, as many as it holds. Waits for a buffer if all are in use.
  func copy(_ bytes: Span<UInt8>) -> [UInt8] {
    var chunk = state.wait(
      until: { $0.available > 0 },
      then: { state in
        state.available -= 1
        return state.spare.popLast() ?? []
      })
    let count = min(bytes.count, Self.chunkSize)
    if chunk.capacity < count { chunk.reserveCapacity(count) }
    chunk.append(copying: bytes.extracting(first: count))
    return chunk
  }

  /// Returns a buffer to the pool.
  func recycle(_ chunk: consuming [UInt8]) {
    var emptied = consume chunk
    emptied.removeAll(keepingCapacity: true)
    state.withLock { state in
      state.available += 1
      state.spare.append(emptied)
    }
  }
}
