import CASPlatform
import Synchronization
import SystemPackage

/// A gate before the read of the next request, where the leader waits while it is closed. Requests wait in the kernel.
final class RequestGate: Sendable {
  private struct State {
    var isClosed = false
    /// Whether the leader waits.
    var hasLeader = false
  }

  private let state = Monitor(State())
  private let closed = Atomic(false)
  private let signal: Pipe

  init() throws(Errno) {
    signal = try Pipe()
  }

  var isClosed: Bool { closed.load(ordering: .acquiring) }

  /// Readable while the gate is closed.
  var closing: OpenFile { signal.reader }

  /// Closes the gate.
  func close() {
    state.withLock { $0.isClosed = true }
    closed.store(true, ordering: .releasing)
    signal.wake()
  }

  /// Opens the gate, which is closed.
  func open() {
    try? signal.takeWake()
    closed.store(false, ordering: .releasing)
    state.withLock { $0.isClosed = false }
  }

  /// Holds the leader until the gate is open.
  func waitUntilOpen() {
    state.withLock { $0.hasLeader = true }
    state.wait(until: { !$0.isClosed }, then: { $0.hasLeader = false })
  }

  /// Whether the leader waits at the closed gate.
  var holdsLeader: Bool { state.withLock(notifying: .none) { $0.isClosed && $0.hasLeader } }
}
