import CAS
import CASPlatform
import OCI

/// Decodes one piece of compressed content.
struct PieceDecoder {
  let source: any ContentSource
  let index: LayerIndex
  /// Tells which of the indexes that the layer had this is.
  let version: Int
  /// The blob, if it is open.
  let reader: (any BlobReader)?
  /// An idle decoder from which the piece can be reached.
  let stream: LayerStream?

  /// Decodes one piece.
  ///
  /// - Throws: if it has another digest, or cannot be decoded.
  func decode(
    _ number: Int, _ context: OperationContext
  ) throws(CASError) -> (content: [UInt8], stream: LayerStream, reader: any BlobReader) {
    let start = Int64(number) * LayerIndex.pieceSize
    // Both are used by later callers too, which this one's cancellation does not concern.
    let shared = source.context(.none)
    let reader: any BlobReader
    if let open = self.reader {
      reader = open
    } else {
      reader = try source.open(context.cancellation)
    }
    let stream: LayerStream
    if let open = self.stream {
      stream = open
    } else if index.compression == .plain {
      let place = Checkpoint(output: start, input: start, unusedBits: 0, window: [], windowSize: 0)
      stream = try LayerStream(reader, .plain, at: place, shared)
    } else {
      stream = try LayerStream(reader, index.compression, at: index.checkpoint(before: start), shared)
    }
    var piece = [UInt8](repeating: 0, count: Int(min(LayerIndex.pieceSize, index.size - start)))
    while stream.position < start {
      try context.checkCancellation()
      var span = piece.mutableSpan
      var part = span._mutatingExtracting(first: Int(min(Int64(span.count), start - stream.position)))
      guard try stream.read(into: &part) > 0 else { throw context.malformed("truncated") }
    }
    var span = piece.mutableSpan
    guard try stream.read(into: &span) == piece.count, index.isPiece(piece.span, number) else {
      throw context.malformed("a piece has another digest")
    }
    return (piece, stream, reader)
  }
}
