import CASPlatform
import OCI
import SystemPackage

/// An open file whose content is in memory.
final class BufferHandle: FileHandle {
  /// The content in pieces, which can share memory with other texts.
  private let pieces: [ArraySlice<UInt8>]
  private let size: Int

  convenience init(_ content: [UInt8]) {
    self.init(pieces: [content[...]])
  }

  init(pieces: [ArraySlice<UInt8>]) {
    self.pieces = pieces
    size = pieces.byteCount
  }

  /// The content.
  var bytes: [UInt8] { pieces.joinedBytes }

  // The cached length can be that of older content.
  var cachePolicy: CachePolicy { .directIO }

  // FNV-1a.
  var fingerprint: UInt32 {
    pieces.reduce(0x811C_9DC5) { $1.reduce($0) { ($0 ^ UInt32($1)) &* 0x0100_0193 } }
  }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    guard let start = Int(exactly: offset), (0..<size).contains(start) else { return .bytes([]) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(size - start, count))
    var rest = start
    for piece in pieces {
      if bytes.count == count { break }
      bytes += piece.dropFirst(rest).prefix(count - bytes.count)
      rest = max(0, rest - piece.count)
    }
    return .bytes(bytes)
  }

  func offset(of target: SeekTarget, from start: Int64, _ context: RequestContext) throws(Errno) -> Int64 {
    try target.offset(from: start, inSolid: Int64(size))
  }
}
