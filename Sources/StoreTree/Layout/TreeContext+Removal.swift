import CAS
import Logging
import OCI
import SystemPackage

extension TreeContext {
  /// Removes a blob for a process that was served the index: now if no other process can be about to refer to it, else
  /// later.
  ///
  /// - Throws: ENOENT if the blob is not stored, or was removed by the process.
  func removeOrDefer(_ digest: Digest, by process: ProcessIdentity, _ context: RequestContext) throws(Errno) {
    let info = try errors.map(try engine.blobInfo(digest, cancellation: context.cancellation))
    if removals.isHidden(digest, thread: context.thread) { throw .noSuchFileOrDirectory }
    if !removals.isRecent(info.modified), !removals.hasOtherUser(than: process) {
      let result = try errors.map(
        try engine.deleteBlobUnlessReachable(digest, cancellation: context.cancellation))
      if case .deleted = result { return }
    }
    removals.add(digest, by: process)
  }

  /// Decides the removals that are due: deletes the blobs that the index does not reach, and shows the others again.
  func decideRemovals() {
    let moment = removals.unchangedSince
    let due = removals.due().filter { (digest) in
      guard let info = try? engine.blobInfo(digest) else {
        removals.remove(digest)
        return false
      }
      return !removals.isRecent(info.modified)
    }
    if due.isEmpty { return }
    do throws(CASError) {
      for (digest, result) in zip(due, try engine.deleteBlobsUnlessReachable(due, ifUnchangedSince: moment)) {
        if case .undecided(let error) = result { logger.error("delete blob \(digest): \(error)") }
        removals.remove(digest)
      }
    } catch {
      logger.error("\(error)")
    }
  }
}
