import CASPlatform
import SystemPackage

/// Makes a directory durable for many at once: one `fsync(2)` serves everybody who changed the directory before it
/// began.
final class FsyncBatcher: Sendable {
  /// Callers are gathered in batches, each of which is served by one call that the first of them makes.
  private struct State {
    var isRunning = false
    var gathering = 0
    var finished = -1
    var members: [Int: Int] = [:]
    var failures: [Int: Errno] = [:]

    mutating func leave(_ batch: Int) -> Errno? {
      let failure = failures[batch]
      let others = (members[batch] ?? 1) - 1
      members[batch] = others > 0 ? others : nil
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
      state.members[state.gathering, default: 0] += 1
      return state.gathering
    }
    let leads = state.wait(until: { $0.finished >= batch || !$0.isRunning }) { (state) in
      if state.finished >= batch { return false }
      state.isRunning = true
      state.gathering += 1
      return true
    }
    if leads { serve(batch) }
    if let failure = state.withLock({ $0.leave(batch) }) { throw failure }
  }

  private func serve(_ batch: Int) {
    var failure: Errno?
    do throws(Errno) {
      try directory.synchronize()
    } catch {
      failure = error
    }
    state.withLock { (state) in
      state.isRunning = false
      state.finished = batch
      state.failures[batch] = failure
    }
  }
}
