package import CAS
import CASPlatform
import OCI
import Synchronization

/// Random access to the decoded content of a layer, or of an archive that is compressed as a whole: what is read is decoded
/// from the checkpoint before it, and compared with the digests of its pieces.
///
/// Pieces are decoded concurrently, each once for all callers that wait for it (singleflight).
package final class LayerContent: Sendable {
  /// The number of pieces that are decoded concurrently: a decoder can take 128 MiB.
  private static let decoderLimit = 4

  /// How long the failure of reading the layer again stands: ten times as long as it took, within these.
  private static let shortestFailure = Duration.seconds(5)
  private static let longestFailure = Duration.seconds(60)

  private struct State {
    var index: LayerIndex
    /// Counts the indexes: a failure with an older one says nothing of this.
    var version = 0
    var reader: (any BlobReader)?
    /// Whether a piece was decoded since the last trim.
    var isUsed = false
    /// Idle decoders, from which later places can be reached; the last one was used last.
    var streams: [LayerStream] = []
    /// The pieces that are being decoded.
    var busy: Set<Int> = []
    /// Whether a piece is being decoded ahead of its callers.
    var isAhead = false
    /// Whether a caller reads the layer again.
    var isScanning = false
    /// The error of reading the layer again, and until when it stands.
    var failure: (error: CASError, expiry: ContinuousClock.Instant)?
  }

  /// Whether the first index was in the cache, where anything can have written it.
  let isFromCache: Bool
  private let source: any ContentSource
  private let cache: LayerCache?
  private let pieces: PieceCache
  /// The file of a layer that is not compressed.
  private let plain: PlainContent?
  private let state: Monitor<State>
  /// The number of the piece that a caller got last.
  private let lastPiece = Atomic<Int>(.min)
  private var id: ObjectIdentifier { ObjectIdentifier(self) }

  /// The number of pieces that were decoded, for tests.
  private let decoded = Atomic<Int>(0)
  package var decodedPieceCount: Int { decoded.load(ordering: .relaxed) }

  /// Makes the content of a source, of which nothing is decoded yet.
  ///
  /// - Parameter isFromCache: whether the index was in the cache, and not made now.
  /// - Parameter cache: has the index of the source, and gets another one if that does not fit.
  package init(
    _ index: LayerIndex, isFromCache: Bool = false, _ source: any ContentSource, _ cache: LayerCache?,
    _ pieces: PieceCache
  ) {
    self.isFromCache = isFromCache
    self.source = source
    self.cache = cache
    self.pieces = pieces
    plain = index.compression == .plain ? PlainContent(source, pieceCount: index.pieceCount) : nil
    state = Monitor(State(index: index))
  }

  deinit { pieces.removeAll(of: id) }

  /// The index of the layer.
  var index: LayerIndex { state.withLock(notifying: .none) { $0.index } }

  /// The memory that the index needs, in bytes.
  var memorySize: Int { state.withLock(notifying: .none) { $0.index.memorySize } }

  /// Frees the decoders, and closes the blob, unless they were used since the last call.
  func trim() {
    plain?.trim()
    state.withLock(notifying: .none) { (state) in
      defer { state.isUsed = false }
      if state.isUsed { return }
      state.streams = []
      state.reader = nil
    }
  }

  /// Whether a read needs nothing that is not in memory.
  func isInMemory(_ count: Int, at offset: Int64) -> Bool {
    let numbers = LayerIndex.pieces(of: offset..<offset + Int64(max(count, 1)))
    if let plain, plain.isCompared(numbers) { return true }
    return numbers.allSatisfy { pieces[PieceCache.Key(layer: id, number: $0)] != nil }
  }

  /// Finds the bytes of a range of the decoded content in a file, which has them in its present state.
  ///
  /// - Parameter end: the offset up to which the caller may read on.
  /// - Returns: `nil` if ``read(into:at:cancellation:)`` must read them.
  /// - Throws: `CASError.Code.cancelled`.
  func region(
    _ range: Range<Int64>, readingOnTo end: Int64, cancellation: CancellationToken
  ) throws(CASError) -> BlobFile? {
    try plain?.region(range, readingOnTo: end, index, source.context(cancellation))
  }

  /// Reads from an offset of the decoded content until the buffer is full or the content ends.
  ///
  /// - Throws: `CASError.Code.corrupt` or `CASError.Code.invalid` if the layer is no
  ///   longer what it was; `CASError.Code.cancelled`.
  package func read(
    into buffer: inout MutableSpan<UInt8>, at offset: Int64, cancellation: CancellationToken
  ) throws(CASError) -> Int {
    let context = source.context(cancellation)
    var done = 0
    while done < buffer.count {
      let position = offset + Int64(done)
      let start = Int(position % LayerIndex.pieceSize)
      let number = Int(position / LayerIndex.pieceSize)
      let piece = try piece(number, context)
      decodeAhead(of: number)
      guard start < piece.count else { break }
      done += buffer.copy(piece.span.extracting(start..<piece.count), at: done)
    }
    return done
  }

  private func piece(_ number: Int, _ context: OperationContext) throws(CASError) -> [UInt8] {
    let key = PieceCache.Key(layer: id, number: number)
    var hasFailed = false
    while true {
      if let known = pieces[key] { return known }
      let turn = try takeTurn(number, context)
      guard let turn else { continue }
      do throws(CASError) {
        return try decode(number, turn, context)
      } catch {
        guard !hasFailed, error.code == .invalid || error.code == .corrupt else { throw error }
        hasFailed = true
        try scanAgain(after: turn, context)
      }
    }
  }

  /// Decodes a piece, which is empty behind the end of the content, and ends the turn.
  private func decode(_ number: Int, _ turn: PieceDecoder, _ context: OperationContext) throws(CASError) -> [UInt8] {
    guard turn.index.hasPiece(number) else {
      endTurn(number)
      return []
    }
    do throws(CASError) {
      decoded.add(1, ordering: .relaxed)
      let (content, stream, reader) = try turn.decode(number, context)
      pieces.insert(content, for: PieceCache.Key(layer: id, number: number))
      endTurn(number, keeping: stream, reader, of: turn)
      return content
    } catch {
      endTurn(number)
      throw error
    }
  }

  /// Decodes the next piece on another thread, if the piece before was read too: a program that reads many small files
  /// would wait for each piece. An error is that of the read that needs the piece.
  private func decodeAhead(of number: Int) {
    guard plain == nil, lastPiece.exchange(number, ordering: .relaxed) == number - 1 else { return }
    let next = number + 1
    let begins = state.withLock(notifying: .none) { (state) in
      guard !state.isAhead, !state.isScanning, state.busy.isEmpty,
        state.index.hasPiece(next), pieces[PieceCache.Key(layer: id, number: next)] == nil
      else { return false }
      state.isAhead = true
      return true
    }
    guard begins else { return }
    let work: @Sendable () -> Void = { [self] in
      let context = source.context(.none)
      if let turn = try? takeTurn(next, context) { _ = try? decode(next, turn, context) }
      state.withLock(notifying: .none) { $0.isAhead = false }
    }
    if (try? Thread.start("casfs-decode", work)) == nil { state.withLock(notifying: .none) { $0.isAhead = false } }
  }

  /// Waits until this caller can decode a piece.
  ///
  /// - Returns: `nil` if another caller decoded it meanwhile.
  private func takeTurn(_ number: Int, _ context: OperationContext) throws(CASError) -> PieceDecoder? {
    let key = PieceCache.Key(layer: id, number: number)
    let turn: PieceDecoder?? = state.wait(
      until: { !$0.isScanning && $0.busy.count < Self.decoderLimit && !Self.isNear(number, $0) },
      unless: { context.cancellation.isCancelled }, notifying: .none,
      then: { (state) -> PieceDecoder? in
        if pieces[key] != nil { return nil }
        state.busy.insert(number)
        let start = Int64(number) * LayerIndex.pieceSize
        let first = state.index.checkpoint(before: start)?.output ?? 0
        let nearest = state.streams.lastIndex { $0.position <= start && $0.position >= first }
        // A plain layer can be read from any place.
        let isUsable = nearest.map { state.index.compression != .plain || state.streams[$0].position == start } ?? false
        return PieceDecoder(
          source: source, index: state.index, version: state.version, reader: state.reader,
          stream: isUsable ? nearest.map { state.streams.remove(at: $0) } : nil)
      })
    guard let turn else { throw CASError(.cancelled, context, cause: "cancelled") }
    return turn
  }

  /// Whether a piece is being decoded, or one from which its decoder gets here sooner than another from a checkpoint, as
  /// when the kernel reads ahead.
  private static func isNear(_ number: Int, _ state: State) -> Bool {
    if state.busy.contains(number) { return true }
    if state.busy.isEmpty || state.index.compression == .plain { return false }
    let first = state.index.checkpoint(before: Int64(number) * LayerIndex.pieceSize)?.output ?? 0
    return state.busy.contains { $0 < number && Int64($0 + 1) * LayerIndex.pieceSize > first }
  }

  private func endTurn(
    _ number: Int, keeping stream: LayerStream? = nil, _ reader: (any BlobReader)? = nil, of turn: PieceDecoder? = nil
  ) {
    state.withLock { (state) in
      state.busy.remove(number)
      guard let stream, let reader, turn?.version == state.version else { return }
      state.isUsed = true
      state.reader = reader
      if state.streams.count == Self.decoderLimit { state.streams.removeFirst() }
      state.streams.append(stream)
    }
  }

  /// Reads the layer again: the index does not fit it, or the layer has changed.
  private func scanAgain(after turn: PieceDecoder, _ context: OperationContext) throws(CASError) {
    let start = ContinuousClock.now
    let isMine: Bool? = try state.wait(
      until: { !$0.isScanning }, unless: { context.cancellation.isCancelled }, notifying: .none,
      then: { (state) throws(CASError) in
        guard state.version == turn.version else { return false }
        if let failure = state.failure, failure.expiry > start { throw failure.error.during(context) }
        state.isScanning = true
        return true
      })
    guard let isMine else { throw CASError(.cancelled, context, cause: "cancelled") }
    guard isMine else { return }
    cache?.remove(source.key)
    let outcome = Result { () throws(CASError) in
      let index = try source.scan(context.cancellation)
      guard index.hasContent(of: turn.index) else {
        throw context.malformed("the layer index was of another layer")
      }
      return index
    }
    state.withLock { (state) in
      state.isScanning = false
      state.streams = []
      state.reader = nil
      switch outcome {
      case .success(let index):
        state.index = index
        state.version += 1
      case .failure(let error):
        // Other reads must not read the whole layer for the same answer.
        let now = ContinuousClock.now
        let time = min(max(Self.shortestFailure, (now - start) * 10), Self.longestFailure)
        if error.code != .cancelled { state.failure = (error, now + time) }
      }
    }
    cache?.store(try outcome.get())
  }
}
