import CASPlatform
import SystemPackage

/// An open directory, and the position of its reader.
///
/// Entries are read from the store in batches, so a directory of a million blobs takes no memory. A reader that seeks
/// back starts the listing again.
final class DirectoryHandle: Sendable {
  private struct State {
    var stream: (any EntryStream)?
    var position: Int64 = 0
    var refused: DirectoryEntry?
  }

  /// The number of the entries `.` and `..`, which come first.
  static let ownEntries: Int64 = 2

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
    from offset: Int64, _ context: RequestContext, _ accept: (DirectoryEntry, Int64) -> Bool
  ) throws(Errno) {
    try state.withLock { (state) throws(Errno) in
      if offset != state.position || state.stream == nil { try seek(to: offset, &state, context) }
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
        guard accept(entry, state.position + 1) else {
          state.refused = entry
          return
        }
        state.position += 1
        isFirst = false
      }
    }
  }

  /// Reads ahead: ``EntryStream/readAhead(willBlock:)``.
  func readAhead(willBlock: () -> Void) {
    state.withLock { $0.stream?.readAhead(willBlock: willBlock) }
  }

  private func seek(to offset: Int64, _ state: inout State, _ context: RequestContext) throws(Errno) {
    state = State(stream: try node.entries(context))
    while state.position < offset, try next(&state) != nil { state.position += 1 }
  }

  private func next(_ state: inout State) throws(Errno) -> DirectoryEntry? {
    if let entry = state.refused {
      state.refused = nil
      return entry
    }
    switch state.position {
    case 0: return DirectoryEntry(name: ".", inode: node.inode, kind: .directory)
    case 1: return DirectoryEntry(name: "..", inode: node.parentInode, kind: .directory)
    default: return try state.stream?.next()
    }
  }
}
