import CASPlatform
import SystemPackage

/// Makes a directory durable for many at once: one `fsync(2)` serves everybody who changed the directory before it
/// began.
final class FsyncBatcher: Sendable {
  /// Callers are gathered in batches, each of which is served by one call that the first of them makes.
  private struct State {
    var isSynchronizing = false
    var openBatch = 0
    var lastFinished = -1
    var callers: [Int: Int] = [:]
    var failures: [Int: Errno] = [:]

    mutating func leave(_ batch: Int) -> Errno? {
      let failure = failures[batch]
      let others = (callers[batch] ?? 1) - 1
      callers[batch] = others > 0 ? others : nil
      if others == 0 { failures[batch] = nil }
      return failure
    }
  }

  private let directory: OpenFile
  private let state = Monitor(State())

  init(_ directory: OpenFile) {
    self.directory = directory
  }

  /// Returns when every change this thread made to the directory before is durable.
  func synchronize() throws(Errno) {
    let batch = state.withLock { (state) in
      state.callers[state.openBatch, default: 0] += 1
      return state.openBatch
    }
    let isLeader = state.wait(until: { $0.lastFinished >= batch || !$0.isSynchronizing }) { (state) in
      if state.lastFinished >= batch { return false }
      state.isSynchronizing = true
      state.openBatch += 1
      return true
    }
    if isLeader { synchronize(batch: batch) }
    if let failure = state.withLock({ $0.leave(batch) }) { throw failure }
  }

  private func synchronize(batch: Int) {
    var failure: Errno?
    do throws(Errno) {
      try directory.synchronize()
    } catch {
      failure = error
    }
    state.withLock { (state) in
      state.isSynchronizing = false
      state.lastFinished = batch
      state.failures[batch] = failure
    }
  }
}
