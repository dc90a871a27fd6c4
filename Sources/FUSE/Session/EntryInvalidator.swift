import CASPlatform
import StoreTree
import SystemPackage

/// Makes the kernel drop names of directories, on a thread of its own.
///
/// The kernel takes the lock of the directory for that. A caller can hold it who waits for an answer, and nothing interrupts
/// the wait for it, not even SIGKILL. So the thread also has descriptors of its own: those of the process close while it
/// waits, which lock the store, and without which requests end that a dead process had read.
final class EntryInvalidator: Sendable {
  private struct State {
    var names: [(directory: NodeID, name: String)] = []
    var isClosed = false
    var isRunning = false
    var hasEnded = false

    /// Whether the thread has something to do.
    var isReady: Bool { hasEnded || !isClosed && !names.isEmpty }
  }

  /// The number of names that can wait. A caller that reports more waits too: they can be a million.
  private static let limit = 64

  private let state = Monitor(State())

  /// Starts the thread.
  ///
  /// - Parameter shared: a descriptor of `/dev/fuse` through which no requests are read that end with the process.
  /// - Parameter device: the number of the descriptor by which `invalidate` notifies the kernel.
  /// - Parameter invalidate: notifies the kernel of a name. It must use no other descriptor.
  /// - Throws: EAGAIN if there are too many threads.
  func start(
    on shared: Int32, as device: Int32, _ invalidate: @escaping @Sendable (NodeID, String) -> Void
  ) throws(Errno) {
    try Thread.start("casfs-names") { [self] in
      // Not supported before Linux 5.9.
      try? Thread.unshareDescriptors(keeping: shared, as: device)
      while let (directory, name) = next() {
        invalidate(directory, name)
        state.withLock { $0.isRunning = false }
      }
    }
  }

  private func next() -> (NodeID, String)? {
    state.wait(until: { $0.isReady }) { state in
      guard !state.hasEnded else { return nil }
      state.isRunning = true
      return state.names.removeFirst()
    }
  }

  /// Makes the kernel drop a name soon.
  func invalidate(_ name: String, in directory: NodeID) {
    state.wait(until: { $0.hasEnded || $0.names.count < Self.limit }) { state in
      if !state.hasEnded { state.names.append((directory, name)) }
    }
  }

  /// Stops, and waits for a notification under way. Requests must be answered meanwhile.
  ///
  /// - Returns: whether there is none any more.
  func close(waiting timeout: Duration) -> Bool {
    state.withLock { $0.isClosed = true }
    return state.wait(for: timeout) { !$0.isRunning }
  }

  /// Goes on.
  func open() {
    state.withLock { $0.isClosed = false }
  }

  /// Ends the thread. Names that wait are dropped.
  func end() {
    state.withLock { $0.hasEnded = true }
  }
}
