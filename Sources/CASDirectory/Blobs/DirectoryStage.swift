import CAS
import CASPlatform
import OCI
import Synchronization
import SystemPackage

/// A blob in the making, as a file that nobody else can see.
final class DirectoryStage: FileBackedStage {
  private struct State {
    /// Made by the first write, so that an empty blob costs little.
    var temporary: TemporaryFile?
    /// The hash of the content so far; `nil` when it was not written from front to back.
    var hash: PipelinedHasher?
    /// Up to where the system was told to write the content to the disk.
    var writtenBack: Int64 = 0
    /// What went wrong before; the content is not what its writer thinks and is never published.
    var failure: CASError?
    var isFinished = false
  }

  /// How much content is gathered before the disk begins with it; then little is left for the last fsync(2).
  private static let writebackSize: Int64 = 8 << 20
  private let store: DirectoryStore
  private let algorithm: Digest.Algorithm
  private let context: OperationContext
  private let state: Monitor<State>
  /// Changed only with the state; who asks for it need not wait for a write.
  private let length = Atomic<Int64>(0)

  /// Starts empty.
  init(_ store: DirectoryStore, _ algorithm: Digest.Algorithm, _ context: OperationContext) {
    self.store = store
    self.algorithm = algorithm
    self.context = context
    state = Monitor(State(hash: PipelinedHasher(algorithm)))
  }

  /// Starts with the content of a stored blob.
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
  }

  var size: Int64 { length.load(ordering: .acquiring) }
  var file: OpenFile? { state.withLock { $0.temporary?.file } }

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
      let isInOrder = state.hash?.count == offset
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
      // What was written before a failure can be read; it is only never published.
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
      if size == 0 {
        state.hash = PipelinedHasher(algorithm)
      } else if state.hash?.count != size {
        state.hash = nil
      }
      state.writtenBack = min(state.writtenBack, size)
      length.store(size, ordering: .releasing)
    }
  }

  func synchronize() throws(CASError) {
    try state.withLock { (state) throws(CASError) in
      try check(state)
      if state.temporary == nil { return }
      try change(&state) { (file, _) throws(Errno) in try file.synchronize() }
    }
  }

  func commit(
    expecting expectation: BlobExpectation, cancellation: CancellationToken
  ) throws(CASError) -> BlobAddress {
    let context = OperationContext(context.operation, on: store.path, cancellation: cancellation)
    return try state.withLock { (state) throws(CASError) in
      try check(state)
      try context.checkCancellation()
      // An empty blob was never written.
      try change(&state) { (_, _) throws(Errno) in }
      guard let temporary = state.temporary else {
        throw CASError(.closed, context, cause: "the content was discarded")
      }
      let address = BlobAddress(digest: try digest(&state, temporary, context), size: size)
      try expectation.check(address)
      do throws(CASError) {
        try BlobPublisher(store, temporary, address.digest, context.on(address.digest)).publish(size: size)
      } catch {
        // A name may have been given already, so the file must not be written any more.
        if error.code != .cancelled { state.failure = error }
        throw error
      }
      state.isFinished = true
      state.temporary = nil
      return address
    }
  }

  func discard() {
    state.withLock { (state) in
      state.isFinished = true
      state.temporary = nil
      length.store(0, ordering: .releasing)
    }
  }

  private func digest(
    _ state: inout State, _ temporary: TemporaryFile, _ context: OperationContext
  ) throws(CASError) -> Digest {
    if let hash = state.hash, hash.count == size, let digest = hash.finish() { return digest }
    return try ContentHash.digest(of: temporary.file, size: size, algorithm, context)
  }

  private func check(_ state: State) throws(CASError) {
    try checkUse(state)
    if let failure = state.failure { throw failure }
  }

  private func checkUse(_ state: State) throws(CASError) {
    try store.check(context)
    guard !state.isFinished else { throw CASError(.closed, context, cause: "already committed or discarded") }
  }

  /// Changes the file; what fails once fails for good.
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
          state.temporary = temporary
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
