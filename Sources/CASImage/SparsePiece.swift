import CASCompression

/// A piece of the data of a sparse file: the rest of the file is a hole.
struct SparsePiece: Hashable, Sendable {
  /// The offset in the file, in bytes.
  var offset: Int64
  /// In bytes.
  var length: Int64

  /// The largest number of pieces of one file.
  static let limit = 1 << 16

  /// Parses offsets and lengths in turn.
  ///
  /// - Throws: if they are not in order within a file of this size.
  static func list(_ numbers: [Int64], size: Int64) throws(DecodingError) -> [SparsePiece] {
    guard numbers.count.isMultiple(of: 2), size >= 0 else { throw PaxRecords.malformed }
    var pieces: [SparsePiece] = []
    var end: Int64 = 0
    for index in stride(from: 0, to: numbers.count, by: 2) {
      let piece = SparsePiece(offset: numbers[index], length: numbers[index + 1])
      guard piece.offset >= end, piece.length >= 0, piece.length <= size, piece.offset <= size - piece.length else {
        throw DecodingError("malformed tar: map of a sparse file")
      }
      end = piece.offset + piece.length
      if piece.length > 0 { pieces.append(piece) }
    }
    return pieces
  }
}
