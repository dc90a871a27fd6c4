import CASPlatform

/// Puts the content of short files into the kernel's cache when they are opened first, which saves their reader a request.
///
/// The kernel takes the lock of each page for that. A reader who waits for an answer holds it, and not even SIGKILL ends the
/// wait for it. So content is put there only while nobody else can have opened the node.
final class ContentPreloader: Sendable {
  private struct State {
    var store: (@Sendable (NodeID, [UInt8]) -> Void)?
    /// A bit for each node that was opened, or for another one with the same remainder.
    var opened: [UInt64] = []
    /// The first opens that are under way, and whether there was another one since.
    var opening: [NodeID: Bool] = [:]
  }

  /// 128 KiB of memory. With more nodes than bits, most are read by a request.
  private static let bitCount: UInt64 = 1 << 20

  private let state = Monitor(State())

  /// Sets the function that puts the content of a node into the kernel's cache. The kernel must have no open files yet.
  func start(_ store: @escaping @Sendable (NodeID, [UInt8]) -> Void) {
    state.withLock { state in
      state.store = store
      state.opened = Array(repeating: 0, count: Int(Self.bitCount / 64))
    }
  }

  /// Opens a node.
  ///
  /// - Parameter content: reads the whole content of the open file; `nil` if that is not possible.
  func open<Opened, Failure: Error>(
    _ node: NodeID, _ open: () throws(Failure) -> Opened, content: (Opened) -> [UInt8]?
  ) throws(Failure) -> Opened {
    guard begin(node) else { return try open() }
    let opened: Opened
    do throws(Failure) {
      opened = try open()
    } catch {
      _ = state.withLock(notifying: .none) { $0.opening.removeValue(forKey: node) }
      throw error
    }
    let bytes = content(opened)
    state.withLock(notifying: .none) { state in
      // Others who open the node wait for this lock.
      if state.opening.removeValue(forKey: node) == false, let bytes { state.store?(node, bytes) }
    }
    return opened
  }

  /// Notes that a node is being opened.
  ///
  /// - Returns: whether it was not opened before.
  private func begin(_ node: NodeID) -> Bool {
    state.withLock(notifying: .none) { state in
      if state.opened.isEmpty { return false }
      let bit = node.rawValue % Self.bitCount
      let word = Int(bit / 64)
      let mask: UInt64 = 1 << (bit % 64)
      if state.opened[word] & mask != 0 {
        if state.opening[node] != nil { state.opening[node] = true }
        return false
      }
      state.opened[word] |= mask
      state.opening[node] = false
      return true
    }
  }
}
