import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

extension IncomingFile {
  /// Handles the close of one descriptor: commits when it is the last one of the process that opened it.
  ///
  /// - Throws: the error of the commit, or of an earlier write.
  func flush(_ handle: IncomingHandle, _ context: RequestContext) throws(Errno) {
    let (isWritten, isBegun) = try state.withLock { (state) throws(Errno) in
      if let failure = state.failure { throw failure }
      return (state.isDirty && state.writers.contains(handle.process), state.isDirty && state.writers.isEmpty)
    }
    guard !isScratch, isWritten || isBegun,
      shared.descriptorTables.closesLast(of: handle.process, inode: inode, context)
    else { return }
    // A new or truncated file is incomplete too, even if nothing was written.
    if shared.processes.wasKilled(thread: context.thread) {
      discard(context)
    } else if isWritten {
      shared.removals.noteUse(by: handle.process)
      try publish(context)
    } else if isInBlobs, context.thread != 0 {
      // An opener that cannot be seen may have more descriptors, as after each redirection of a shell.
      try publishEmpty(context)
    }
  }

  /// Commits a file in `blobs` that its opener closes empty.
  ///
  /// - Throws: EBADMSG when its name is not the digest of nothing. Another process that has it open can still write it.
  private func publishEmpty(_ context: RequestContext) throws(Errno) {
    let expected = state.withLock { $0.expectedDigest }
    guard let expected, expected == Digester(expected.algorithm).digest else { throw .badMessage }
    try publish(context)
  }

  /// Handles the end of an open file. The last writer publishes the content that no close has.
  func release(_ handle: IncomingHandle, _ context: RequestContext) {
    let (isLast, failure) = state.withLock { state in
      state.openWriters -= 1
      return (state.openWriters == 0, state.failure)
    }
    guard isLast, !isScratch else { return }
    if failure != nil {
      discard(context)
      return
    }
    do throws(Errno) {
      try publish(isLate: true, context)
    } catch {
      let name = namespace.name(of: number)?.text ?? ""
      shared.logger.error("commit \(name): \(error) after its last close")
    }
  }

  /// Commits a change that was made without a descriptor, unless a writer will commit it at its close.
  func publishUnlessOpen(_ context: RequestContext) throws(Errno) {
    guard !isScratch, state.withLock({ $0.openWriters == 0 }) else { return }
    do throws(Errno) {
      try publish(context)
    } catch {
      discard(context)
      throw error
    }
  }

  /// Commits temporary content under a digest, and marks it as moved.
  ///
  /// - Throws: EBADMSG when the content has another digest; it stays as it is then.
  func commitScratch(as digest: Digest, _ context: RequestContext) throws(Errno) {
    try restage(as: digest.algorithm, context)
    state.withLock { $0.expectedDigest = digest }
    do throws(Errno) {
      try publish(context)
    } catch {
      state.withLock { state in
        state.failure = nil
        state.expectedDigest = nil
      }
      throw error
    }
    markMoved()
  }

  /// Commits the content and makes the name an alias of the blob. Lookups wait meanwhile.
  ///
  /// - Parameter isLate: whether the last close has returned, so that an error is kept with the name.
  private func publish(isLate: Bool = false, _ context: RequestContext) throws(Errno) {
    let ticket = shared.commits.begin()
    defer { shared.commits.end(ticket) }
    // The file is marked busy before another request is read, so that a lookup after the close waits.
    var work: CommitInput?
    let isReady = state.withLock { state in
      guard state.isFree else { return false }
      work = state.beginCommit()
      return true
    }
    context.willBlock()
    if !isReady { work = state.wait(until: { $0.isFree }, then: { $0.beginCommit() }) }
    guard let work else { return }
    do throws(Errno) {
      let address = try shared.errors.map { () throws(CASError) in
        let stage: any BlobStage
        if let written = work.stage {
          stage = written
        } else {
          stage = try shared.engine.stageBlob(algorithm: work.expectedDigest?.algorithm ?? .sha256, copying: nil)
        }
        return try stage.commit(expecting: BlobExpectation(digest: work.expectedDigest), cancellation: .none)
      }
      shared.counters.add(.commits)
      shared.removals.cancel(address.digest)
      state.withLock { state in
        state.address = address
        state.stage = nil
        state.writers = []
        state.isDirty = false
        // The next change waits for the record of this one.
      }
      recordName()
      state.withLock { $0.isBusy = false }
    } catch {
      state.withLock { state in
        state.failure = error
        state.isBusy = false
        guard isLate else { return }
        state.stage = nil
        state.asyncCommitError = error.description
      }
      // Some tools take the error of a rename or a close for another, or ignore it.
      if error == .badMessage, isScratch || isInBlobs, let digest = work.expectedDigest {
        let process = shared.processes.process(ofThread: context.thread)
        shared.refuse("put blob \(digest): process \(process): content of another digest")
      }
      throw error
    }
  }

  /// Discards the uncommitted content. The name stands for the blob that it was before, or is removed if there was
  /// none. Other writers get EIO, because they wrote to content that is gone.
  func discard(_ context: RequestContext) {
    let (stage, hasBlob, hasContent) = state.withLock { state in
      let (stage, hasContent) = (state.stage, state.isDirty)
      state.stage = nil
      state.writers = []
      state.isDirty = false
      state.failure = state.openWriters > 0 ? .ioError : nil
      return (stage, state.address != nil, hasContent)
    }
    // The close and the end of a killed writer both discard.
    if hasContent { shared.counters.add(.discards) }
    if !hasBlob {
      namespace.remove(self)
      unlink()
    }
    // Freeing the space of a large file blocks.
    if let stage, stage.size > Self.quickSize { withExtendedLifetime(stage) { context.willBlock() } }
  }

  /// The largest content, in bytes, that is freed without blocking.
  private static let quickSize: Int64 = 1 << 20
}

/// The input of a commit.
private struct CommitInput {
  var stage: (any BlobStage)?
  var expectedDigest: Digest?
}

extension IncomingFile.State {
  /// Whether the content is not being written, copied or committed.
  fileprivate var isFree: Bool { !isBusy && activeWrites == 0 }

  /// Marks the file busy and takes its content; `nil` when there is nothing to commit.
  fileprivate mutating func beginCommit() -> CommitInput? {
    guard isDirty, !isUnlinked else { return nil }
    isBusy = true
    return CommitInput(stage: stage, expectedDigest: expectedDigest)
  }
}
