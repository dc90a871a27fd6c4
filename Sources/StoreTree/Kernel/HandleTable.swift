import CASPlatform
import SystemPackage

/// Open files or directories by their handle numbers.
final class HandleTable<Handle: Sendable>: Sendable {
  private struct State {
    var next: HandleID = 1
    var open: [HandleID: Handle] = [:]
  }

  private let state = Monitor(State())

  var count: Int { state.withLock(notifying: .none) { $0.open.count } }

  func insert(_ handle: Handle) -> HandleID {
    state.withLock(notifying: .none) { state in
      let id = state.next
      state.next += 1
      state.open[id] = handle
      return id
    }
  }

  /// The handle of a number that the kernel sent.
  ///
  /// - Throws: EBADF when it is not open.
  func handle(_ id: HandleID) throws(Errno) -> Handle {
    guard let handle = state.withLock(notifying: .none, { $0.open[id] }) else { throw .badFileDescriptor }
    return handle
  }

  func remove(_ id: HandleID) throws(Errno) -> Handle {
    let removed = state.withLock(notifying: .none) { $0.open.removeValue(forKey: id) }
    guard let removed else { throw .badFileDescriptor }
    return removed
  }

  func removeAll() -> [Handle] {
    state.withLock(notifying: .none) { state in
      defer { state.open = [:] }
      return Array(state.open.values)
    }
  }
}
