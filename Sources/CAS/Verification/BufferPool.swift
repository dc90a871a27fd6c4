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
    /// The number of buffers that wait for more content.
    var kept = 0
  }

  private let limit: Int
  private let state: Monitor<State>

  init(limit: Int) {
    self.limit = limit
    state = Monitor(State(available: limit))
  }

  /// Takes an empty buffer. Waits for one if all are in use.
  func take() -> [UInt8] {
    state.wait(
      until: { $0.available > 0 },
      then: { state in
        state.available -= 1
        return state.spare.popLast() ?? []
      })
  }

  /// Asks whether a buffer may wait for more content, for any time. Half of the buffers may, so that others stay in use.
  func beginKeeping() -> Bool {
    state.withLock(notifying: .none) { state in
      guard state.kept < limit / 2 else { return false }
      state.kept += 1
      return true
    }
  }

  /// Ends the waiting of a buffer that was allowed.
  func endKeeping() {
    state.withLock(notifying: .none) { $0.kept -= 1 }
  }

  /// Returns a buffer that waited to the pool.
  func recycle(kept chunk: consuming [UInt8]) {
    endKeeping()
    recycle(chunk)
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
