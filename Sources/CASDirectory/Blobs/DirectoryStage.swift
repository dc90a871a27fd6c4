import CAS
import CASPlatform
import OCI
import Synchronization
import SystemPackage

/// A blob in the making, as a temporary file that is invisible to other processes.
final class DirectoryStage: FileBackedStage, TransferableStage, EagerHashingStage {
  struct State {
    /// Created by the first change, so that a stage without one costs no system call.
    var temporary: TemporaryFile?
    /// The running hash of the content; `nil` if it was not written sequentially, or hashing is deferred.
    var hash: PipelinedHasher?
    var isHashingDeferred = false
    /// The offset up to which write-back was started.
    var writtenBack: Int64 = 0
    /// The first failure. The content may differ from what its writer expects and is never published.
    var failure: CASError?
    var isFinished = false
  }

  /// Write-back starts after each further piece of this size, in bytes, so that little is left for the final
  /// `fsync(2)`.
  private static let writebackSize: Int64 = 8 << 20
  /// The longest gap whose zeros are hashed immediately, in bytes; content with a longer one is hashed by the commit.
  private static let longestHashedGap: Int64 = 8 << 20
  private let store: DirectoryStore
  private let algorithm: Digest.Algorithm
  private let context: OperationContext
  let state: Monitor<State>
  /// Changed only with the state locked, but read without the lock, so that ``size`` does not wait for a write.
  private let length = Atomic<Int64>(0)
  /// The file of the state, read without its lock, as the length is.
  private let opened = Monitor<OpenFile?>(nil)

  /// Creates an empty stage.
  init(_ store: DirectoryStore, _ algorithm: Digest.Algorithm, _ context: OperationContext) {
    self.store = store
    self.algorithm = algorithm
    self.context = context
    state = Monitor(State(hash: PipelinedHasher(algorithm)))
  }

  /// Creates a stage with the content of a stored blob: `FICLONE`, or `copy_file_range(2)`.
  init(
    _ store: DirectoryStore, _ algorithm: Digest.Algorithm, copying base: Digest, _ context: OperationContext
  ) throws(CASError) {
    let copy = OperationContext("copy blob", on: base, cancellation: context.cancellation)
    let (file, identity) = try store.openVerified(base, copy)
    let temporary = try mappingErrno(copy) { () throws(Errno) in
      try store.retryingAfterEviction { () throws(Errno) in
        let temporary = try store.makeTemporary()
        try temporary.file.copyContents(of: file)
        guard try temporary.file.status().size == identity.size else { throw .ioError }
        return temporary
      }
    }
    self.store = store
    self.algorithm = algorithm
    self.context = context
    state = Monitor(State(temporary: temporary))
    length.store(identity.size, ordering: .relaxed)
    opened.withLock { $0 = temporary.file }
  }

  /// Goes on with a stage of the program before. The commit hashes the content again.
  ///
  /// - Throws: EBADMSG if the file is shorter than the content.
  init(_ store: DirectoryStore, resuming content: StagedContent, _ context: OperationContext) throws(CASError) {
    self.store = store
    algorithm = content.algorithm
    self.context = context
    let failure = content.failure.map { CASError(.io($0), context, cause: $0.description, underlyingError: $0) }
    guard let file = content.file else {
      state = Monitor(State(hash: PipelinedHasher(algorithm), failure: failure))
      return
    }
    try mappingErrno(context) { () throws(Errno) in
      guard try file.status().size >= content.size, content.size >= 0 else { throw .badMessage }
    }
    state = Monitor(
      State(temporary: TemporaryFile(resuming: file, in: store.root, name: content.name), failure: failure))
    length.store(content.size, ordering: .relaxed)
    opened.withLock { $0 = file }
  }

  var stagedContent: StagedContent {
    state.withLock { state in
      StagedContent(
        algorithm: algorithm, size: size, file: state.temporary?.file, name: state.temporary?.temporaryName,
        failure: state.failure?.code.errno)
    }
  }

  var size: Int64 { length.load(ordering: .acquiring) }
  var file: OpenFile? { opened.withLock(notifying: .none) { $0 } }

  /// Sets the file of the state, and what ``file`` reads of it.
  private func setTemporary(_ temporary: TemporaryFile?, in state: inout State) {
    state.temporary = temporary
    opened.withLock { $0 = temporary?.file }
  }

  func write(_ bytes: Span<UInt8>, at offset: Int64) throws(CASError) {
    try state.withLock { (state) throws(CASError) in
      try check(state)
      if bytes.isEmpty { return }
      let (end, overflows) = offset.addingReportingOverflow(Int64(bytes.count))
      guard offset >= 0, !overflows else {
        let failure = CASError(.io(.fileTooLarge), context, cause: "offset out of range: \(offset)")
        state.failure = failure
        throw failure
      }
      let isInOrder = continuesHash(state, at: offset)
      try change(&state) { (file, state) throws(Errno) in
        try file.write(bytes, at: offset)
        if isInOrder, end - state.writtenBack >= Self.writebackSize {
          file.beginWriteback(state.writtenBack..<end)
          state.writtenBack = end
        }
      }
      if isInOrder { state.hash?.append(bytes) } else { state.hash = nil }
      length.store(max(size, end), ordering: .releasing)
    }
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    let temporary = try state.withLock { (state) throws(CASError) in
      // After a failure the content can still be read, but not published.
      try checkUse(state)
      return state.temporary
    }
    guard let temporary, offset >= 0 else { return 0 }
    do throws(Errno) {
      return try temporary.file.read(into: &buffer, at: offset)
    } catch {
      throw CASError(error, context)
    }
  }

  func truncate(to size: Int64) throws(CASError) {
    try state.withLock { (state) throws(CASError) in
      try check(state)
      guard size >= 0 else {
        throw CASError(.invalid, context, cause: "negative length: \(size)")
      }
      if size == self.size { return }
      try change(&state) { (file, _) throws(Errno) in try file.truncate(to: size) }
      if size == 0, !state.isHashingDeferred {
        state.hash = PipelinedHasher(algorithm)
      } else if !continuesHash(state, at: size) {
        state.hash = nil
      }
      state.writtenBack = min(state.writtenBack, size)
      length.store(size, ordering: .releasing)
    }
  }

  func deferHashing() {
    state.withLock { state in
      state.isHashingDeferred = true
      state.hash = nil
    }
  }

  func writeOut() throws(CASError) {
    try state.withLock { (state) throws(CASError) in
      try check(state)
      if state.temporary == nil { return }
      // Content that is not committed is gone after a power cut anyway, so `fsync(2)` would only cost a commit of the journal.
      try change(&state) { (file, _) throws(Errno) in try file.writeOut() }
    }
  }

  func commit(
    expecting expectation: BlobExpectation, cancellation: CancellationToken
  ) throws(CASError) -> BlobAddress {
    let context = OperationContext(context.operation, on: store.path, cancellation: cancellation)
    let address = try state.withLock { (state) throws(CASError) in
      try check(state)
      try context.checkCancellation()
      let address = try publish(&state, expecting: expectation, context)
      state.isFinished = true
      setTemporary(nil, in: &state)
      return address
    }
    // Only now no descriptor for writing is left.
    if store.options.sealsBlobs { store.sealPublished(address.digest) }
    return address
  }

  private func publish(
    _ state: inout State, expecting expectation: BlobExpectation, _ context: OperationContext
  ) throws(CASError) -> BlobAddress {
    // An empty blob has no file yet; this creates it.
    try change(&state) { (_, _) throws(Errno) in }
    guard let temporary = state.temporary else {
      throw CASError(.closed, context, cause: "the content was discarded")
    }
    let address = BlobAddress(digest: try digest(&state, temporary, context), size: size)
    try expectation.check(address)
    do throws(CASError) {
      try BlobPublisher(store, temporary, address.digest, context.on(address.digest)).publish(size: size)
    } catch {
      // The file may have its name in the store already, so it must not be written again.
      if error.code != .cancelled { state.failure = error }
      throw error
    }
    return address
  }

  func discard() {
    state.withLock { (state) in
      state.isFinished = true
      setTemporary(nil, in: &state)
      length.store(0, ordering: .releasing)
    }
  }

  private func digest(
    _ state: inout State, _ temporary: TemporaryFile, _ context: OperationContext
  ) throws(CASError) -> Digest {
    if let hash = state.hash, hash.count == size, let digest = hash.finish() { return digest }
    return try ContentHash.digest(of: temporary.file, size: size, algorithm, context)
  }

  /// Whether the hash has all content before an offset, after it got the zeros of a short gap at the end.
  private func continuesHash(_ state: State, at offset: Int64) -> Bool {
    guard let hash = state.hash else { return false }
    var gap = offset - hash.count
    guard gap > 0, gap <= Self.longestHashedGap else { return gap == 0 }
    let zeros = [UInt8](repeating: 0, count: Int(min(gap, 256 << 10)))
    while gap > 0 {
      let count = min(gap, Int64(zeros.count))
      hash.append(zeros.span.extracting(first: Int(count)))
      gap -= count
    }
    return true
  }

  private func check(_ state: State) throws(CASError) {
    try checkUse(state)
    if let failure = state.failure { throw failure }
  }

  private func checkUse(_ state: State) throws(CASError) {
    try store.check(context)
    guard !state.isFinished else { throw CASError(.closed, context, cause: "already committed or discarded") }
  }

  /// Changes the file, and creates it if needed. A failure is permanent.
  private func change(
    _ state: inout State, _ body: (OpenFile, inout State) throws(Errno) -> Void
  ) throws(CASError) {
    do throws(Errno) {
      try store.retryingAfterEviction { () throws(Errno) in
        let temporary: TemporaryFile
        if let made = state.temporary {
          temporary = made
        } else {
          temporary = try store.makeTemporary()
          setTemporary(temporary, in: &state)
        }
        try body(temporary.file, &state)
      }
    } catch {
      let failure = CASError(.io(error), context, cause: error.description, underlyingError: error)
      state.failure = failure
      throw failure
    }
  }
}
