import CASPlatform

/// Memory for content on its way to a hash function: so many pieces for the whole process, used again and again.
final class BufferPool: Sendable {
  /// The pool of this process: enough to keep every processor busy while the next pieces come.
  static let shared = BufferPool(limit: 8)
  /// The longest piece, in bytes.
  static let chunkSize = 1 << 20

  private struct State {
    var available: Int
    var spare: [[UInt8]] = []
  }

  private let state: Monitor<State>

  init(limit: Int) {
    state = Monitor(State(available: limit))
  }

  /// A copy of bytes, as many as fit in a piece; waits until there is one.
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

  /// Takes a piece back.
  func recycle(_ chunk: consuming [UInt8]) {
    var emptied = consume chunk
    emptied.removeAll(keepingCapacity: true)
    state.withLock { state in
      state.available += 1
      state.spare.append(emptied)
    }
  }
}
