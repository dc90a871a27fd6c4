import CASPlatform
import SystemPackage

/// Verified states on the way to a record. A thread makes them durable first, as that would delay the open that verified
/// them.
final class RecordQueue: Sendable {
  private struct State {
    var waiting: [VerificationRecord.Candidate] = []
    var isRunning = false
  }

  /// The most waiting states; each keeps a file open. Further ones are dropped, and verified again in another mount.
  private static let limit = 256

  private let record: VerificationRecord
  private let state = Monitor(State())

  init(_ record: VerificationRecord) {
    self.record = record
  }

  /// Queues a state whose content was verified.
  func submit(_ candidate: VerificationRecord.Candidate) {
    let needsThread = state.withLock { (state) in
      guard state.waiting.count < Self.limit else { return false }
      state.waiting.append(candidate)
      defer { state.isRunning = true }
      return !state.isRunning
    }
    guard needsThread else { return }
    do throws(Errno) {
      try Thread.start("casfs-record") { self.run() }
    } catch {
      state.withLock { $0 = State() }
    }
  }

  /// Waits until everything is recorded.
  func finish() {
    state.wait(until: { !$0.isRunning }, then: { _ in })
  }

  private func run() {
    while let candidate = next() { record.insert(candidate) }
  }

  private func next() -> VerificationRecord.Candidate? {
    state.withLock { (state) in
      if !state.waiting.isEmpty { return state.waiting.removeFirst() }
      state.isRunning = false
      return nil
    }
  }
}
