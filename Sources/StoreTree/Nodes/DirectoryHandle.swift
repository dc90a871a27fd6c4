import CASPlatform
import SystemPackage

/// An open directory, and the position of its reader.
///
/// Entries are read from the store in batches, so a directory of a million blobs takes no memory. A reader that seeks
/// back starts the listing again, and so does the first read after the process that had the directory open has died. It
/// goes on behind the name that it had last, if the name is still there; names that were added or removed meanwhile shift
/// all that follow.
final class DirectoryHandle: Sendable {
  private struct State {
    var stream: (any EntryStream)?
    var position = DirectoryPosition()
    var refused: DirectoryEntry?
  }

  let node: any Node
  /// The number by which the kernel knows the directory.
  let id: NodeID
  private let state: Monitor<State>

  init(_ node: any Node, id: NodeID, _ context: RequestContext) throws(Errno) {
    self.node = node
    self.id = id
    state = Monitor(State(stream: try node.entries(context)))
  }

  /// Passes entries from an offset on, each with the offset after it, until `accept` refuses one.
  ///
  /// - Throws: an error before the first entry; one after it is reported by the next call.
  func entries(
    from offset: Int64, _ context: RequestContext, _ accept: (DirectoryEntry, DirectoryPosition) -> Bool
  ) throws(Errno) {
    try state.withLock { (state) throws(Errno) in
      if offset != state.position.rawValue || state.stream == nil {
        try seek(to: DirectoryPosition(rawValue: offset), &state, context)
      }
      var isFirst = true
      while true {
        let entry: DirectoryEntry?
        do throws(Errno) {
          entry = try next(&state)
        } catch {
          if isFirst { throw error }
          return
        }
        guard let entry else { return }
        let position = state.position.after(entry.name)
        guard accept(entry, position) else {
          state.refused = entry
          return
        }
        state.position = position
        isFirst = false
      }
    }
  }

  /// Reads ahead: ``EntryStream/readAhead(willBlock:)``.
  func readAhead(willBlock: () -> Void) {
    state.withLock { $0.stream?.readAhead(willBlock: willBlock) }
  }

  private func seek(to target: DirectoryPosition, _ state: inout State, _ context: RequestContext) throws(Errno) {
    var last: DirectoryPosition?
    state = State(stream: try node.entries(context))
    while state.position.count < target.count || last == nil && state.position.fingerprint != target.fingerprint {
      guard let entry = try next(&state) else { break }
      state.position = state.position.after(entry.name)
      if state.position.fingerprint == target.fingerprint { last = state.position }
    }
    if state.position.fingerprint == target.fingerprint { return }
    // The name is gone, or stands nearer to the start.
    let count = last?.count ?? target.count
    state = State(stream: try node.entries(context))
    while state.position.count < count, let entry = try next(&state) {
      state.position = state.position.after(entry.name)
    }
    // The reader knows the position by this number.
    state.position = DirectoryPosition(count: state.position.count, fingerprint: target.fingerprint)
  }

  private func next(_ state: inout State) throws(Errno) -> DirectoryEntry? {
    if let entry = state.refused {
      state.refused = nil
      return entry
    }
    switch state.position.count {
    case 0: return DirectoryEntry(name: ".", inode: node.inode, kind: .directory)
    case 1: return DirectoryEntry(name: "..", inode: node.parentInode, kind: .directory)
    default: return try state.stream?.next()
    }
  }
}
