import CASPlatform
import SystemPackage

/// Group commit for a directory: one `fsync(2)` makes the changes of all callers durable that called before it began.
///
/// Callers gather in the open batch while the `fsync(2)` of an earlier one runs. Then one of them, the leader, closes
/// the batch and makes the call, and the others wait for its outcome. Threads that publish small blobs concurrently
/// thus share a few calls instead of queueing for one each.
final class FsyncBatcher: Sendable {
  /// Batches are numbered in order.
  private struct State {
    var isSynchronizing = false
    /// The batch that callers join.
    var openBatch = 0
    /// The latest batch whose `fsync(2)` has returned.
    var lastFinished = -1
    /// The number of callers of each batch that have not taken the outcome yet.
    var callers: [Int: Int] = [:]
    /// The error of each batch, kept until the last of its callers has taken it.
    var failures: [Int: Errno] = [:]

    mutating func takeOutcome(of batch: Int) -> Errno? {
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

  /// Returns when every change that this thread made to the directory before the call is durable.
  ///
  /// - Throws: the error of the `fsync(2)`, to each caller of the batch.
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
    if let failure = state.withLock({ $0.takeOutcome(of: batch) }) { throw failure }
  }

  private func synchronize(batch: Int) {
    var failure: Errno?
    do throws(Errno) {
      try directory.synchronizeDirectory()
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
