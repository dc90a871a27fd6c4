import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

extension IncomingFile {
  /// Changes the content. The first change of a committed file starts from a copy of its blob.
  ///
  /// - Parameter writer: the process that opened the handle; `nil` for a change without one.
  func changeContent(
    by writer: ProcessIdentity?, _ context: RequestContext, _ change: (any BlobStage) throws(CASError) -> Void
  ) throws(Errno) {
    let stage = try beginChange(context)
    defer { state.withLock { $0.activeWrites -= 1 } }
    do throws(Errno) {
      try shared.errors.map(try change(stage))
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
      return .copy(state.isDirty ? nil : state.address?.digest, state.expectedDigest?.algorithm ?? namespace.algorithm)
    }
    switch step {
    case .ready(let stage): return stage
    case .copy(let base, let algorithm):
      do throws(Errno) {
        let stage = try shared.errors.map(try shared.engine.stageBlob(algorithm: algorithm, copying: base))
        if isForIndex { (stage as? any EagerHashingStage)?.deferHashing() }
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

  /// Writes the content out, which shortens the close: `fsync(2)`. Temporary content is written by the rename that publishes
  /// it, and that of an index never.
  func synchronize(_ context: RequestContext) throws(Errno) {
    guard try state.withLock({ (state) throws(Errno) in try state.requireSound() }), !isScratch else { return }
    context.willBlock()
    // Counted as a write, so that a commit and this wait for each other.
    let stage: (any BlobStage)? = try whenIdle(context) { (state) throws(Errno) in
      guard try state.requireSound() else { return nil }
      state.activeWrites += 1
      return state.stage
    }
    guard let stage else { return }
    defer { state.withLock { $0.activeWrites -= 1 } }
    do throws(Errno) {
      try shared.errors.map(try stage.writeOut())
    } catch {
      state.withLock { $0.failure = error }
      throw error
    }
  }

  /// Where the content is.
  private enum Source {
    case nothing
    case stage(any BlobStage)
    case blob(BlobAddress)
  }

  private func source(_ context: RequestContext) throws(Errno) -> Source {
    if state.withLock({ $0.isBusy }) { context.willBlock() }
    return try whenIdle(context) { (state) throws(Errno) in
      if state.asyncCommitError != nil { throw .ioError }
      if let stage = state.stage { return .stage(stage) }
      if let address = state.address, !state.isDirty { return .blob(address) }
      return .nothing
    }
  }

  /// The space in bytes that the content takes, if it is known without a request to another machine.
  func allocatedSize(_ context: RequestContext) -> Int64? {
    let (stage, blob, info) = state.withLock(notifying: .none) { ($0.stage, $0.committed, $0.info) }
    if let stage { return try? (stage as? any FileBackedStage)?.file?.status().allocatedSize }
    guard let blob else { return nil }
    if let info { return info.allocatedSize }
    if shared.remote?.isKnown(blob.digest) == false { return nil }
    return try? shared.engine.blobInfo(blob.digest, cancellation: context.cancellation).allocatedSize
  }

  /// Finds the next data or hole of the content being written, or else of the blob.
  ///
  /// - Parameter content: keeps the blob open between calls.
  func offset(
    of target: SeekTarget, from start: Int64, keeping content: Monitor<OpenAlias?>, _ context: RequestContext
  ) throws(Errno) -> Int64 {
    switch try source(context) {
    case .nothing: throw .noSuchAddressOrDevice
    case .stage(let stage):
      let size = stage.size
      guard let file = (stage as? any FileBackedStage)?.file else {
        return try target.offset(from: start, inSolid: size)
      }
      return try file.offset(of: target, from: start, in: 0..<size)
    case .blob(let address):
      return try blob(address, keeping: content, context).offset(of: target, from: start, context)
    }
  }

  /// Reads the content being written, or else the blob.
  ///
  /// - Parameter content: keeps the blob open between reads.
  func read(
    at offset: Int64, count: Int, keeping content: Monitor<OpenAlias?>, _ context: RequestContext
  ) throws(Errno) -> ReadResult {
    while true {
      switch try source(context) {
      case .nothing: return .bytes([])
      case .stage(let stage):
        context.willBlock()
        if let bytes = try read(stage, at: offset, count: count) { return .bytes(bytes) }
      case .blob(let address):
        return try blob(address, keeping: content, context).read(at: offset, count: count, context)
      }
    }
  }

  /// Reads content being written.
  ///
  /// - Returns: `nil` if a commit has ended the stage since it was looked up, and the content is that of a blob now.
  private func read(_ stage: any BlobStage, at offset: Int64, count: Int) throws(Errno) -> [UInt8]? {
    let count = Int(max(0, min(Int64(count), stage.size - offset)))
    return try shared.errors.map { () throws(CASError) in
      do throws(CASError) {
        return try bytes(count: count) { (span) throws(CASError) in try stage.read(into: &span, at: offset) }
      } catch {
        guard error.code == .closed, state.withLock({ $0.isBusy || $0.stage !== stage }) else { throw error }
        return nil
      }
    }
  }

  /// Opens a blob.
  ///
  /// - Parameter content: has the open blob from the last time, and keeps this one.
  func blob(
    _ address: BlobAddress, keeping content: Monitor<OpenAlias?>, _ context: RequestContext
  ) throws(Errno) -> BlobHandle {
    if let open = content.withLock({ $0 }), open.address == address { return open.content }
    let blob = try BlobHandle(shared, address.digest, nil, context)
    blob.countOpen()
    let before = content.withLock { open in
      defer { open = OpenAlias(address: address, content: blob) }
      return open
    }
    before?.content.release(context)
    return blob
  }
}

extension IncomingFile.State {
  /// Whether content is being written.
  ///
  /// - Throws: the failure because of which it can never be committed.
  fileprivate func requireSound() throws(Errno) -> Bool {
    if let failure { throw failure }
    return stage != nil
  }
}
