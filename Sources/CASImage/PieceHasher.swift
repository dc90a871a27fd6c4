import CASPlatform

/// Hashes pieces of equal length of content that arrives in chunks; see ``LayerIndex/isPiece(_:_:)``.
package struct PieceHasher {
  private var hash = SHA2.sha256()
  private var count: Int64 = 0
  private var digests: [UInt8] = []

  /// Begins without content.
  package init() {}

  /// Adds the next chunk.
  package mutating func update(_ content: Span<UInt8>) {
    var rest = content
    while !rest.isEmpty {
      let length = min(rest.count, Int(LayerIndex.pieceSize - count))
      hash.update(rest.extracting(first: length))
      rest = rest.extracting(droppingFirst: length)
      count += Int64(length)
      if count == LayerIndex.pieceSize { close() }
    }
  }

  /// Ends the content, and returns the digests of all pieces, one after another.
  package mutating func finish() -> [UInt8] {
    if count > 0 { close() }
    return digests
  }

  private mutating func close() {
    digests += hash.result()
    hash = .sha256()
    count = 0
  }
}
