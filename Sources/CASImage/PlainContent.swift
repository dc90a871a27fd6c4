import CAS
import CASPlatform
import OCI

/// The content of a layer that is not compressed, read from the file that has the layer. A piece is compared with its digest
/// once for each state of the file, as a blob is, so that later reads need no copy of it in memory.
final class PlainContent: Sendable {
  private struct State {
    var file: ContentFile?
    /// The state of the file in which pieces were compared.
    var version: UInt64?
    /// By the numbers of the pieces.
    var isCompared: [Bool]
    /// The pieces that are being compared.
    var busy: Set<Int> = []
    /// Whether the file was used since the last trim.
    var isUsed = false
  }

  /// How many states of a file are tried that changes all the time.
  private static let attemptLimit = 3
  /// The number of pieces that other threads compare ahead of a caller that reads one after another.
  private static let aheadLimit = 2
  /// The number of pieces that are compared concurrently while some of them are ahead of their callers.
  private static let busyLimit = 4
  /// The length of a read of the file, in bytes: a chunk that fits in the processor's cache is copied fastest.
  private static let chunkSize = 64 << 10

  private let source: any ContentSource
  private let state: Monitor<State>

  /// Begins without a file.
  ///
  /// - Parameter pieceCount: the number of pieces of the content.
  init(_ source: any ContentSource, pieceCount: Int) {
    self.source = source
    state = Monitor(State(isCompared: [Bool](repeating: false, count: pieceCount)))
  }

  /// Whether pieces were compared.
  func isCompared(_ pieces: ClosedRange<Int>) -> Bool {
    state.withLock(notifying: .none) { Self.isCompared(pieces, $0) }
  }

  private static func isCompared(_ pieces: ClosedRange<Int>, _ state: State) -> Bool {
    pieces.upperBound < state.isCompared.count && state.isCompared[pieces].allSatisfy { $0 }
  }

  /// Closes the file, unless it was used since the last call. Pieces that were compared stay known.
  func trim() {
    state.withLock(notifying: .none) { (state) in
      if !state.isUsed { state.file = nil }
      state.isUsed = false
    }
  }

  /// Finds the bytes of a range in a file, in a state in which their pieces have the digests of the index.
  ///
  /// - Parameter end: the offset up to which the caller may read on.
  /// - Returns: `nil` if the content is in no file, or other content than the index says.
  /// - Throws: `CASError.Code.cancelled`.
  func region(
    _ range: Range<Int64>, readingOnTo end: Int64, _ index: LayerIndex, _ context: OperationContext
  ) throws(CASError) -> BlobFile? {
    guard range.lowerBound >= 0, range.upperBound <= index.size, !range.isEmpty else { return nil }
    let pieces = LayerIndex.pieces(of: range)
    for _ in 0..<Self.attemptLimit {
      guard let file = try currentFile(context) else { return nil }
      for piece in pieces {
        guard try compare(piece, file, index, context) else { return nil }
      }
      compareAhead(of: pieces, through: Int((min(end, index.size) - 1) / LayerIndex.pieceSize), file, index)
      let isDone = state.withLock(notifying: .none) {
        $0.version == file.blob.info.version && Self.isCompared(pieces, $0)
      }
      if isDone {
        return BlobFile(file: file.blob.file, offset: file.blob.offset + range.lowerBound, info: file.blob.info)
      }
    }
    return nil
  }

  /// The file in its present state, opened if it is closed or the blob has another one now.
  private func currentFile(_ context: OperationContext) throws(CASError) -> ContentFile? {
    let open = state.withLock(notifying: .none) { (state) in
      state.isUsed = true
      return state.file
    }
    if let open, open.version == open.blob.info.version { return open }
    var opened: ContentFile?
    do throws(CASError) {
      opened = try source.openFile(context.cancellation)
    } catch {
      if error.code == .cancelled { throw error }
    }
    // A blob that was deleted can be read on in its file, whose state has changed by that.
    if opened == nil, var deleted = open, let version = deleted.version {
      deleted.blob.info.version = version
      deleted.isVerified = false
      opened = deleted
    }
    guard let file = opened else { return nil }
    state.withLock(notifying: .none) { (state) in
      if file.isVerified || state.version != file.blob.info.version {
        state.isCompared = [Bool](repeating: file.isVerified, count: state.isCompared.count)
      }
      state.version = file.blob.info.version
      state.file = file
    }
    return file
  }

  /// Compares a piece with its digest, unless that was done in this state of the file.
  ///
  /// - Returns: `false` if it is other content.
  private func compare(
    _ number: Int, _ file: ContentFile, _ index: LayerIndex, _ context: OperationContext
  ) throws(CASError) -> Bool {
    let isMine = state.wait(
      until: { !$0.busy.contains(number) }, unless: { context.cancellation.isCancelled }, notifying: .none,
      then: { (state) in Self.begin(number, file, &state) })
    guard let isMine else { throw CASError(.cancelled, context, cause: "cancelled") }
    return isMine ? finish(number, file, index) : true
  }

  /// Begins to compare a piece.
  ///
  /// - Returns: `false` if there is nothing to do: it is known, or the state of the file is another one.
  private static func begin(_ number: Int, _ file: ContentFile, _ state: inout State) -> Bool {
    guard number < state.isCompared.count, !state.isCompared[number], state.version == file.blob.info.version else {
      return false
    }
    return state.busy.insert(number).inserted
  }

  private func finish(_ number: Int, _ file: ContentFile, _ index: LayerIndex) -> Bool {
    let isEqual = index.isDigest(Self.digest(of: number, file, index), of: number)
    let isUnchanged = file.version == file.blob.info.version
    state.withLock { (state) in
      state.busy.remove(number)
      guard isEqual, isUnchanged, state.version == file.blob.info.version else { return }
      state.isCompared[number] = true
    }
    return isEqual || !isUnchanged
  }

  /// Compares the next pieces on other threads, if the piece before was read too: hashing takes longer than reading.
  private func compareAhead(of pieces: ClosedRange<Int>, through last: Int, _ file: ContentFile, _ index: LayerIndex) {
    let next = pieces.upperBound + 1
    guard pieces.lowerBound > 0, next <= last else { return }
    let begun = state.withLock(notifying: .none) { (state) in
      (next...min(last, pieces.upperBound + Self.aheadLimit)).filter { (number) in
        state.isCompared[pieces.lowerBound - 1] && state.busy.count < Self.busyLimit && Self.begin(number, file, &state)
      }
    }
    for number in begun {
      let work: @Sendable () -> Void = { [self] in _ = finish(number, file, index) }
      if (try? Thread.start("casfs-verify", work)) == nil { work() }
    }
  }

  /// The SHA-256 of a piece; of fewer bytes if the file ends early or cannot be read.
  private static func digest(of number: Int, _ file: ContentFile, _ index: LayerIndex) -> [UInt8] {
    var hash = SHA2.sha256()
    var position = Int64(number) * LayerIndex.pieceSize
    let end = min(position + LayerIndex.pieceSize, index.size)
    var chunk = [UInt8](repeating: 0, count: chunkSize)
    while position < end {
      var span = chunk.mutableSpan
      let wanted = Int(min(Int64(chunkSize), end - position))
      let count = (try? file.blob.file.read(into: &span, at: file.blob.offset + position, limit: wanted)) ?? 0
      if count == 0 { break }
      hash.update(chunk.span.extracting(first: count))
      position += Int64(count)
    }
    return hash.result()
  }
}
