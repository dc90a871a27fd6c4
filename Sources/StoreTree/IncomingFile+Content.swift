internal import CAS
internal import Logging
internal import OCI
internal import Platform
internal import SystemPackage

extension IncomingFile {
  /// Changes the content, after a copy of the committed one is made where there is nothing to change yet.
  ///
  /// - Parameter writer: the process that opened the handle by which it is done, when it is by one.
  func changeContent(
    by writer: Int32?, _ context: RequestContext, _ change: (any BlobStage) throws(CASError) -> Void
  ) throws(Errno) {
    let stage = try beginChange(context)
    defer { state.withLock { $0.activeWrites -= 1 } }
    do throws(Errno) {
      try shared.translating { () throws(CASError) in try change(stage) }
    } catch {
      state.withLock { $0.failure = error }
      throw error
    }
    state.withLock { state in
      state.isDirty = true
      if let writer { state.writers.insert(writer) }
      state.metadata.noteWrite(by: context)
    }
  }

  private func beginChange(_ context: RequestContext) throws(Errno) -> any BlobStage {
    let isReady = try state.withLock { (state) throws(Errno) in
      if let failure = state.failure { throw failure }
      if state.isBlobName { throw .readOnlyFileSystem }
      return !state.isBusy && state.stage != nil
    }
    if !isReady { context.willBlock() }
    enum Step {
      case ready(any BlobStage)
      case copy(Digest?, Digest.Algorithm)
    }
    let step: Step = try whenIdle(context) { state in
      if let stage = state.stage {
        state.activeWrites += 1
        return .ready(stage)
      }
      state.isBusy = true
      return .copy(state.isDirty ? nil : state.address?.digest, state.promise?.algorithm ?? .sha256)
    }
    switch step {
    case .ready(let stage): return stage
    case .copy(let base, let algorithm):
      do throws(Errno) {
        let stage = try shared.translating { () throws(CASError) in
          try shared.engine.stageBlob(algorithm, copying: base)
        }
        state.withLock { state in
          state.stage = stage
          state.isBusy = false
          state.activeWrites += 1
        }
        return stage
      } catch {
        state.withLock { state in
          state.isBusy = false
          state.failure = error
        }
        throw error
      }
    }
  }

  /// Makes what is written so far durable; that shortens the close.
  func synchronize(_ context: RequestContext) throws(Errno) {
    guard try state.withLock({ (state) throws(Errno) in try state.requireSound() }) else { return }
    context.willBlock()
    // A commit waits until it is done, or it waits for the commit.
    let stage: (any BlobStage)? = try whenIdle(context) { (state) throws(Errno) in
      guard try state.requireSound() else { return nil }
      state.activeWrites += 1
      return state.stage
    }
    guard let stage else { return }
    defer { state.withLock { $0.activeWrites -= 1 } }
    do throws(Errno) {
      try shared.translating { () throws(CASError) in try stage.synchronize() }
    } catch {
      state.withLock { $0.failure = error }
      throw error
    }
  }

  // MARK: Closing

  /// Answers the close of a descriptor: publishes when it is the last one of the process that opened it.
  func flush(_ handle: IncomingHandle, _ context: RequestContext) throws(Errno) {
    let (isWritten, isBegun) = try state.withLock { (state) throws(Errno) in
      if let failure = state.failure { throw failure }
      return (state.isDirty && state.writers.contains(handle.process), state.isDirty && state.writers.isEmpty)
    }
    guard isWritten || isBegun, CallerProcess.closesLast(of: handle.process, inode: inode, context) else { return }
    // A file that was only just made, or cut to nothing, is half a file too.
    if CallerProcess.wasKilled(thread: context.thread) {
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
      let name = shared.incoming.name(of: number)?.text ?? ""
      shared.logger.error("commit \(name): \(error) after its last close")
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
    let ticket = shared.commits.begin()
    defer { shared.commits.end(ticket) }
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
      let address = try shared.translating { () throws(CASError) in
        let stage: any BlobStage
        if let written = work.stage {
          stage = written
        } else {
          stage = try shared.engine.stageBlob(work.promise?.algorithm ?? .sha256, copying: nil)
        }
        return try stage.commit(expecting: BlobExpectation(digest: work.promise), cancellation: .none)
      }
      shared.counters.add(.commits)
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
        state.lateError = error.description
      }
      throw error
    }
  }

  /// Forgets what is not committed: the name stands for the blob it was before, or goes when there was none.
  /// Others who write it still, and build on what is gone, are told so.
  func discard(_ context: RequestContext) {
    shared.counters.add(.discards)
    let (stage, hasBlob) = state.withLock { state in
      let stage = state.stage
      state.stage = nil
      state.writers = []
      state.isDirty = false
      state.failure = state.openWriters > 0 ? .ioError : nil
      return (stage, state.address != nil)
    }
    if !hasBlob {
      shared.incoming.remove(self)
      unlink()
    }
    // To give back the space of much content takes long.
    if let stage, stage.size > Self.quickSize { withExtendedLifetime(stage) { context.willBlock() } }
  }

  /// Content of so many bytes is given up at once.
  private static let quickSize: Int64 = 1 << 20

  // MARK: Reading

  /// Reads the content being written, else the blob; `content` keeps the blob open between reads.
  func read(
    at offset: Int64, count: Int, keeping content: Monitor<OpenAlias?>, _ context: RequestContext
  ) throws(Errno) -> ReadResult {
    enum Source {
      case nothing
      case stage(any BlobStage)
      case blob(BlobAddress)
    }
    if state.withLock({ $0.isBusy }) { context.willBlock() }
    let source: Source = try whenIdle(context) { (state) throws(Errno) in
      if state.lateError != nil { throw .ioError }
      if let stage = state.stage { return .stage(stage) }
      if let address = state.address, !state.isDirty { return .blob(address) }
      return .nothing
    }
    switch source {
    case .nothing: return .bytes([])
    case .stage(let stage):
      context.willBlock()
      let count = Int(max(0, min(Int64(count), stage.size - offset)))
      return try shared.translating { () throws(CASError) in
        try .bytes(bytes(count: count) { (span) throws(CASError) in try stage.read(into: &span, at: offset) })
      }
    case .blob(let address):
      return try blob(address, keeping: content, context).read(at: offset, count: count, context)
    }
  }
}

extension IncomingFile {
  /// The blob at an address, which `content` keeps open.
  fileprivate func blob(
    _ address: BlobAddress, keeping content: Monitor<OpenAlias?>, _ context: RequestContext
  ) throws(Errno) -> BlobContent {
    if let open = content.withLock({ $0 }), open.address == address { return open.content }
    let blob = try BlobContent(shared, address.digest, nil, context)
    blob.countOpen()
    content.withLock { $0 = OpenAlias(address: address, content: blob) }
    return blob
  }
}

/// What is to be committed.
private struct Work {
  var stage: (any BlobStage)?
  var promise: Digest?
}

extension IncomingFile.State {
  /// Whether nobody changes, copies or commits the content now.
  fileprivate var isFree: Bool { !isBusy && activeWrites == 0 }

  /// Whether there is content in the making; fails when that can never be published.
  fileprivate func requireSound() throws(Errno) -> Bool {
    if let failure { throw failure }
    return stage != nil
  }

  /// Takes the content for a commit, if there is anything to commit.
  fileprivate mutating func beginCommit() -> Work? {
    guard isDirty, !isUnlinked else { return nil }
    isBusy = true
    return Work(stage: stage, promise: promise)
  }
}

/// The blob that an alias stood for when it was last read through a handle.
struct OpenAlias: Sendable {
  var address: BlobAddress
  var content: BlobContent
}

/// A name in `incoming` opened by a process.
final class IncomingHandle: FileHandle {
  let file: IncomingFile
  let isWriting: Bool
  private let content = Monitor<OpenAlias?>(nil)
  /// The process that opened it; 0 when that could not be seen.
  let process: Int32

  init(_ file: IncomingFile, process: Int32, isWriting: Bool) {
    self.file = file
    self.process = process
    self.isWriting = isWriting
  }

  /// Opens the blob that the name stands for.
  func open(_ address: BlobAddress, _ context: RequestContext) throws(Errno) {
    _ = try file.blob(address, keeping: content, context)
  }

  var ignoresFlush: Bool { !isWriting }
  // What is written must come here at once, and once is enough.
  var caching: Caching { isWriting ? .avoided : .afresh }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    try file.read(at: offset, count: count, keeping: content, context)
  }

  func write(_ bytes: Span<UInt8>, at offset: Int64, _ context: RequestContext) throws(Errno) {
    guard isWriting else { throw .badFileDescriptor }
    try file.changeContent(by: process, context) { (stage) throws(CASError) in try stage.write(bytes, at: offset) }
  }

  func flush(_ context: RequestContext) throws(Errno) {
    if isWriting { try file.flush(self, context) }
  }

  func synchronize(_ context: RequestContext) throws(Errno) {
    try file.synchronize(context)
  }

  func release(_ context: RequestContext) {
    if isWriting { file.release(self, context) }
  }
}
