import CASPlatform

/// The decoded pieces that were used last, of all layers together (LRU).
package final class PieceCache: Sendable {
  /// Which piece of which layer.
  struct Key: Hashable, Sendable {
    var layer: ObjectIdentifier
    var number: Int
  }

  /// 16 pieces are 16 MiB, and few enough to be searched one by one.
  private static let pieceLimit = 16

  private struct Piece {
    var key: Key
    var content: [UInt8]
    /// Whether it was used since the last trim.
    var isFresh = true
  }

  /// The least recently used first.
  private let pieces = Monitor<[Piece]>([])

  /// Makes a cache without pieces.
  package init() {}

  /// The content of a piece; `nil` if it is not here.
  subscript(key: Key) -> [UInt8]? {
    pieces.withLock(notifying: .none) { (pieces) in
      guard let place = pieces.lastIndex(where: { $0.key == key }) else { return nil }
      var piece = pieces.remove(at: place)
      piece.isFresh = true
      pieces.append(piece)
      return piece.content
    }
  }

  /// Adds a piece that is not here.
  func insert(_ content: [UInt8], for key: Key) {
    pieces.withLock(notifying: .none) { (pieces) in
      if pieces.count == Self.pieceLimit { pieces.removeFirst() }
      pieces.append(Piece(key: key, content: content))
    }
  }

  /// Removes the pieces of a layer.
  func removeAll(of layer: ObjectIdentifier) {
    pieces.withLock(notifying: .none) { $0.removeAll { $0.key.layer == layer } }
  }

  /// Removes the pieces that were not used since the last call.
  func trim() {
    pieces.withLock(notifying: .none) { (pieces) in
      pieces.removeAll { !$0.isFresh }
      for index in pieces.indices { pieces[index].isFresh = false }
    }
  }
}
