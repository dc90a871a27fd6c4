import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

extension IncomingFile {
  /// Answers the close of a descriptor: publishes when it is the last one of the process that opened it.
  func flush(_ handle: IncomingHandle, _ context: RequestContext) throws(Errno) {
    let (isWritten, isBegun) = try state.withLock { (state) throws(Errno) in
      if let failure = state.failure { throw failure }
      return (state.isDirty && state.writers.contains(handle.process), state.isDirty && state.writers.isEmpty)
    }
    guard isWritten || isBegun, tree.processes.closesLast(of: handle.process, inode: inode, context) else { return }
    // A file that was only just made, or cut to nothing, is half a file too.
    if tree.processes.wasKilled(thread: context.thread) {
      discard(context)
    } else if isWritten {
      try publish(context)
    }
  }

  /// Lets go of a handle; the last of those that could write publishes what no close has.
  func release(_ handle: IncomingHandle, _ context: RequestContext) {
    let (isLast, failure) = state.withLock { state in
      state.openWriters -= 1
      return (state.openWriters == 0, state.failure)
    }
    guard isLast else { return }
    if failure != nil {
      discard(context)
      return
    }
    do throws(Errno) {
      try publish(isLate: true, context)
    } catch {
      let name = tree.incoming.name(of: number)?.text ?? ""
      tree.logger.error("commit \(name): \(error) after its last close")
    }
  }

  /// Publishes what was changed without a descriptor, unless somebody has one who will.
  func publishUnlessOpen(_ context: RequestContext) throws(Errno) {
    guard state.withLock({ $0.openWriters == 0 }) else { return }
    do throws(Errno) {
      try publish(context)
    } catch {
      discard(context)
      throw error
    }
  }

  /// Commits the content, and makes the name an alias of the blob. Whoever looks meanwhile waits.
  ///
  /// - Parameter isLate: whether nobody can be told of an error but those who look at the name.
  private func publish(isLate: Bool = false, _ context: RequestContext) throws(Errno) {
    let ticket = tree.commits.begin()
    defer { tree.commits.end(ticket) }
    // It is busy before anyone else is answered, so that whoever asks after the close waits.
    var work: Work?
    let isReady = state.withLock { state in
      guard state.isFree else { return false }
      work = state.beginCommit()
      return true
    }
    context.willBlock()
    if !isReady { work = state.wait(until: { $0.isFree }, then: { $0.beginCommit() }) }
    guard let work else { return }
    do throws(Errno) {
      let address = try tree.errors.map { () throws(CASError) in
        let stage: any BlobStage
        if let written = work.stage {
          stage = written
        } else {
          stage = try tree.engine.stageBlob(algorithm: work.expectedDigest?.algorithm ?? .sha256, copying: nil)
        }
        return try stage.commit(expecting: BlobExpectation(digest: work.expectedDigest), cancellation: .none)
      }
      tree.counters.add(.commits)
      state.withLock { state in
        state.address = address
        state.stage = nil
        state.writers = []
        state.isDirty = false
        state.isBusy = false
      }
    } catch {
      state.withLock { state in
        state.failure = error
        state.isBusy = false
        guard isLate else { return }
        state.stage = nil
        state.asyncCommitError = error.description
      }
      throw error
    }
  }

  /// Forgets what is not committed: the name stands for the blob it was before, or goes when there was none.
  /// Others who write it still, and build on what is gone, are told so.
  func discard(_ context: RequestContext) {
    tree.counters.add(.discards)
    let (stage, hasBlob) = state.withLock { state in
      let stage = state.stage
      state.stage = nil
      state.writers = []
      state.isDirty = false
      state.failure = state.openWriters > 0 ? .ioError : nil
      return (stage, state.address != nil)
    }
    if !hasBlob {
      tree.incoming.remove(self)
      unlink()
    }
    // To give back the space of much content takes long.
    if let stage, stage.size > Self.quickSize { withExtendedLifetime(stage) { context.willBlock() } }
  }

  /// Content of so many bytes is given up at once.
  private static let quickSize: Int64 = 1 << 20
}

/// What is to be committed.
private struct Work {
  var stage: (any BlobStage)?
  var expectedDigest: Digest?
}

extension IncomingFile.State {
  /// Whether nobody changes, copies or commits the content now.
  fileprivate var isFree: Bool { !isBusy && activeWrites == 0 }

  /// Takes the content for a commit, if there is anything to commit.
  fileprivate mutating func beginCommit() -> Work? {
    guard isDirty, !isUnlinked else { return nil }
    isBusy = true
    return Work(stage: stage, expectedDigest: expectedDigest)
  }
}
