import CASPlatform

/// A cache of the descriptor tables of processes that write, so that a close costs the same however many files of the
/// mount its process has open. Only a table of one thread can be cached: all its changes come in order.
///
/// A table is known by the `lock_owner` of FUSE_FLUSH. It is kept while it is known to have a descriptor for writing on a
/// file that was opened here.
final class DescriptorTableCache: Sendable {
  private struct WrittenFile {
    var handles = 0
    /// The tables that are known to have a descriptor on it.
    var tables: Set<UInt64> = []
  }

  private struct State {
    /// The files that are open for writing, by inode.
    var files: [UInt64: WrittenFile] = [:]
    var tables: [UInt64: KnownDescriptors] = [:]
    /// The tables in use by a request, with the inodes of which a descriptor was closed meanwhile.
    var closedDuringUse: [UInt64: Set<UInt64>] = [:]

    mutating func didClose(_ inode: UInt64, in id: UInt64) {
      if closedDuringUse[id]?.insert(inode) != nil { return }
      tables[id]?.didClose(inode)
      if tables[id]?.writing.isEmpty == true { tables[id] = nil }
    }
  }

  private let processes: any ProcessInspector
  private let state = Monitor(State())

  init(_ processes: any ProcessInspector) {
    self.processes = processes
  }

  /// The number of tables that are kept.
  var count: Int { state.withLock(notifying: .none) { $0.tables.count } }

  /// Notes an open for writing.
  func didOpen(_ inode: UInt64) {
    state.withLock(notifying: .none) { $0.files[inode, default: WrittenFile()].handles += 1 }
  }

  /// Notes the close of a descriptor, before ``closesLast(of:inode:besides:_:)``: FUSE_FLUSH.
  func didClose(_ inode: UInt64, _ context: RequestContext) {
    state.withLock(notifying: .none) { $0.didClose(inode, in: context.descriptorTable) }
  }

  /// Notes the end of an open for writing: FUSE_RELEASE.
  func didRelease(_ inode: UInt64) {
    state.withLock(notifying: .none) { state in
      guard var file = state.files.removeValue(forKey: inode) else { return }
      file.handles -= 1
      if file.handles > 0 {
        state.files[inode] = file
        return
      }
      for table in file.tables { state.didClose(inode, in: table) }
    }
  }

  /// Whether a close is the last one by the process that opened a file: the process has no other descriptor open for
  /// writing on it.
  ///
  /// - Parameter others: the descriptors for writing that the process has through other opens of the file.
  func closesLast(of process: ProcessIdentity, inode: UInt64, besides others: Int = 0, _ context: RequestContext)
    -> Bool
  {
    if context.thread == 0 || process == .unseen { return true }
    return processes.isClosedByOpener(process, context) && !hasWriters(moreThan: others, inode: inode, context)
  }

  private func hasWriters(moreThan limit: Int, inode: UInt64, _ context: RequestContext) -> Bool {
    guard let table = processes.descriptorTable(ofThread: context.thread) else { return false }
    // Another thread may have closed a descriptor whose FUSE_FLUSH has not arrived, so that what is known is outdated.
    guard !table.isShared, var known = takeTable(context.descriptorTable) else {
      return table.hasWriters(moreThan: limit, inode: inode)
    }
    let result = known.hasWriters(moreThan: limit, inode: inode, in: table)
    keep(known, as: context.descriptorTable)
    return result
  }

  /// Takes a table for exclusive use.
  ///
  /// - Returns: `nil` when the table is in use, or not identified.
  private func takeTable(_ id: UInt64) -> KnownDescriptors? {
    state.withLock(notifying: .none) { state in
      if id == 0 || state.closedDuringUse[id] != nil { return nil }
      state.closedDuringUse[id] = []
      return state.tables.removeValue(forKey: id) ?? KnownDescriptors()
    }
  }

  private func keep(_ table: KnownDescriptors, as id: UInt64) {
    var table = table
    state.withLock(notifying: .none) { state in
      for inode in state.closedDuringUse.removeValue(forKey: id) ?? [] { table.didClose(inode) }
      for inode in table.takeFound() {
        // FUSE_FLUSH tells the end of descriptors on files that were opened here, and of no others.
        if state.files[inode]?.tables.insert(id) == nil { table.didClose(inode) }
      }
      if !table.writing.isEmpty { state.tables[id] = table }
    }
  }
}
