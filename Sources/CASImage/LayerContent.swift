import CAS
import CASPlatform
import OCI
import Synchronization

/// Random access to the decoded content of a layer: what is read is decoded from the checkpoint before it, and compared
/// with the digests of its pieces.
final class LayerContent: Sendable {
  /// The number of decoded pieces that are kept.
  private static let pieceLimit = 8

  private struct State {
    var index: LayerIndex
    var reader: (any BlobReader)?
    /// The decoder of the last read, from which a later place can be reached.
    var stream: LayerStream?
    var pieces: [(number: Int, content: [UInt8])] = []
  }

  private let scan: LayerScan
  private let cache: LayerCache?
  private let state: Mutex<State>

  /// The number of pieces that were decoded, for tests.
  private let decoded = Atomic<Int>(0)
  var decodedPieceCount: Int { decoded.load(ordering: .relaxed) }

  init(_ index: LayerIndex, _ scan: LayerScan, _ cache: LayerCache?) {
    self.scan = scan
    self.cache = cache
    state = Mutex(State(index: index))
  }

  /// Reads from an offset of the decoded content until the buffer is full or the content ends.
  ///
  /// - Throws: `CASError.Code.corrupt` or `CASError.Code.invalid` if the layer is no
  ///   longer what it was.
  func read(
    into buffer: inout MutableSpan<UInt8>, at offset: Int64, cancellation: CancellationToken
  ) throws(CASError) -> Int {
    var done = 0
    while done < buffer.count {
      let position = offset + Int64(done)
      let number = Int(position / LayerIndex.pieceSize)
      let start = Int(position % LayerIndex.pieceSize)
      let piece = try state.withLock { (state) throws(CASError) in try self.piece(number, &state, cancellation) }
      guard start < piece.count else { break }
      done += buffer.copy(piece.span.extracting(start..<piece.count), at: done)
    }
    return done
  }

  private func piece(
    _ number: Int, _ state: inout State, _ cancellation: CancellationToken
  ) throws(CASError) -> [UInt8] {
    if let place = state.pieces.firstIndex(where: { $0.number == number }) {
      let piece = state.pieces.remove(at: place)
      state.pieces.append(piece)
      return piece.content
    }
    if Int64(number) * LayerIndex.pieceSize >= state.index.size { return [] }
    var content = try? decode(number, &state, cancellation)
    if content == nil {
      try OperationContext("read layer", on: scan.descriptor.digest, cancellation: cancellation).checkCancellation()
      // The index does not fit the layer any more, or the layer has changed: both are read again.
      cache?.remove(scan.descriptor.digest)
      state.stream = nil
      state.reader = nil
      let index = try scan.run()
      guard index.content == state.index.content, index.entries == state.index.entries else {
        throw CASError(
          .invalid, operation: "read layer", subject: scan.descriptor.digest.description,
          cause: "the layer index was of another layer")
      }
      state.index = index
      cache?.store(index)
      content = try decode(number, &state, cancellation)
    }
    guard let content else { return [] }
    if state.pieces.count == Self.pieceLimit { state.pieces.removeFirst() }
    state.pieces.append((number, content))
    return content
  }

  /// Decodes one piece.
  ///
  /// - Throws: if it has another digest, or cannot be decoded.
  private func decode(
    _ number: Int, _ state: inout State, _ cancellation: CancellationToken
  ) throws(CASError) -> [UInt8] {
    let context = OperationContext("read layer", on: scan.descriptor.digest, cancellation: cancellation)
    let start = Int64(number) * LayerIndex.pieceSize
    let reader: any BlobReader
    if let open = state.reader {
      reader = open
    } else {
      reader = try scan.engine.openBlob(scan.descriptor.digest, cancellation: cancellation)
      state.reader = reader
    }
    decoded.add(1, ordering: .relaxed)
    let checkpoint = state.index.checkpoint(before: start)
    let stream: LayerStream
    if let open = state.stream.take(), open.position <= start, open.position >= checkpoint?.output ?? 0 {
      stream = open
    } else if state.index.compression == .plain {
      let place = Checkpoint(output: start, input: start, unusedBits: 0, window: [], windowSize: 0)
      stream = try LayerStream(reader, .plain, at: place, context)
    } else {
      stream = try LayerStream(reader, state.index.compression, at: checkpoint, context)
    }
    var piece = [UInt8](repeating: 0, count: Int(min(LayerIndex.pieceSize, state.index.size - start)))
    while stream.position < start {
      var span = piece.mutableSpan
      var part = span._mutatingExtracting(first: Int(min(Int64(span.count), start - stream.position)))
      guard try stream.read(into: &part) > 0 else { throw context.malformed("truncated") }
    }
    var span = piece.mutableSpan
    guard try stream.read(into: &span) == piece.count, state.index.isPiece(piece.span, number) else {
      throw context.malformed("a piece has another digest")
    }
    state.stream = stream
    return piece
  }
}
