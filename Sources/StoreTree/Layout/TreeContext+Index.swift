import CAS
import Logging
import OCI
import SystemPackage

extension TreeContext {
  /// Whether the mount and its store can be changed.
  var isWritable: Bool { !options.isReadOnly && engine.isWritable }

  /// Applies what a process wrote as the index: its changes since the version that it was served.
  ///
  /// - Throws: EINVAL if an added entry is not a descriptor or has an unsafe name; EEXIST for a refused conflict.
  func applyIndex(_ written: IndexText, process: ProcessIdentity, _ context: RequestContext) throws(Errno) {
    guard isWritable else { throw .readOnlyFileSystem }
    context.willBlock()
    // The merge is with what the store has, so that what is served meanwhile may be older.
    let stamp = written.stamp
    let base = indexVersions.base(of: stamp, process: process)
    if base == nil, let stamp {
      logger.notice("change index: process \(process): unknown version \(stamp.text), so nothing is deleted")
    }
    let change: IndexChange
    do throws(InvalidValue) {
      change = try IndexChange(from: base?.text, to: written)
    } catch {
      refuse("change index: process \(process): \(error)")
      throw .invalidArgument
    }
    if !change.isEmpty {
      let conflicts = try errors.map { () throws(CASError) in
        do throws(CASError) {
          return try engine.changeIndex(
            change, refusesConflicts: options.refusesConflicts, cancellation: context.cancellation)
        } catch {
          // The process has to read the version that it conflicts with.
          indexVersions.unpin(process)
          if error.code == .clobber { refuse("\(error), by process \(process)") }
          throw error
        }
      }
      counters.add(.merges)
      counters.add(.conflicts, Int64(conflicts.count))
      for conflict in conflicts {
        logger.warning(
          "conflict: process \(process) moved \(conflict.name) to \(conflict.kept), another writer to \(conflict.lost)")
      }
      didChangeReferences(by: process)
    }
    indexVersions.noteWrite(
      written, stamp: stamp, process: process, base?.isVersion ?? false ? change.difference : nil)
    removals.noteUse(by: process)
    removals.noteIndexWrite(by: process)
    decideRemovals()
  }

  /// The most generations of processes that see a change immediately.
  private static let maximumGenerations = 16

  /// Notes that a process changed references of these names, or of any, through the mount.
  ///
  /// A process that waits for a tool expects to read what that has written, so the process and its ancestors are served the
  /// current index next.
  func didChangeReferences(_ names: [ReferenceName] = [], by process: ProcessIdentity) {
    references.refresh(names)
    var process = process
    for _ in 0..<Self.maximumGenerations {
      indexVersions.unpin(process)
      guard process.number > 1, indexVersions.hasPins else { return }
      process = processes.parent(ofProcess: process)
    }
  }

  /// Refuses an index that is too large.
  func refuseLargeIndex(process: ProcessIdentity) {
    refuse("change index: process \(process): more than \(ImageIndex.maximumSize) bytes")
  }

  /// Logs and counts a refused write.
  func refuse(_ message: String) {
    counters.add(.refusals)
    logger.error("\(message)")
  }
}
