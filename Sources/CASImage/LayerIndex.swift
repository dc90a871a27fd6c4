import CAS
package import CASCompression
import CASPlatform
package import OCI

/// All that one pass over a layer learned of it: its files, where decoding can start, and digests of its decoded pieces.
package struct LayerIndex: Sendable {
  /// The length of a piece of decoded content that has a digest, in bytes.
  static let pieceSize: Int64 = 1 << 20
  /// The distance of checkpoints in decoded content, in bytes.
  package static let checkpointInterval: Int64 = 4 << 20
  /// The version of the form on disk, which changes with every change of it or of the rules of the scan.
  private static let signature = Array("casfs layer index 2\n".utf8)
  private static let hashSize = 32
  /// The longest last entry, which can exceed the limit of a table, in bytes.
  private static let lastEntryLimit = 8 << 20

  /// The digest of the blob.
  var blob: Digest
  /// The digest of the decoded content: `diff_id` of the image's configuration.
  var content: Digest
  var compression: LayerCompression
  /// The length of the decoded content, in bytes.
  var size: Int64
  /// The entries, compressed with zstd; see ``EntryTable``. An archive has a table of its own.
  private(set) var packedEntries: [UInt8]
  /// The length of the entries before they were compressed, in bytes.
  private let entriesSize: Int
  /// The number of entries.
  var entryCount: Int
  /// By ascending offset.
  var checkpoints: [Checkpoint]
  /// The SHA-256 digests of the pieces, one after another.
  var pieces: [UInt8]

  /// The memory that this needs, in bytes.
  var memorySize: Int {
    checkpoints.reduce(packedEntries.count + pieces.count) { $0 + MemoryLayout<Checkpoint>.stride + $1.window.count }
  }

  /// The entries, packed; see ``EntryTable``.
  package func entries() throws(DecodingError) -> [UInt8] {
    try ZstdBuffer.decompress(packedEntries.span, length: entriesSize)
  }

  /// Whether a piece begins before the end of the decoded content.
  func hasPiece(_ number: Int) -> Bool { Int64(number) * Self.pieceSize < size }

  /// Whether another index has the same decoded content and entries.
  func hasContent(of other: LayerIndex) -> Bool {
    content == other.content && packedEntries == other.packedEntries
  }

  /// The last checkpoint at or before an offset.
  func checkpoint(before offset: Int64) -> Checkpoint? {
    var low = 0
    var high = checkpoints.count
    while low < high {
      let middle = (low + high) / 2
      if checkpoints[middle].output <= offset { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? checkpoints[low - 1] : nil
  }

  /// The numbers of the pieces that have a range, which is not empty, of decoded content.
  static func pieces(of range: Range<Int64>) -> ClosedRange<Int> {
    Int(range.lowerBound / pieceSize)...Int((range.upperBound - 1) / pieceSize)
  }

  /// The number of pieces that have a digest.
  var pieceCount: Int { pieces.count / Self.hashSize }

  /// Whether a piece has its digest.
  func isPiece(_ content: Span<UInt8>, _ number: Int) -> Bool {
    var hash = SHA2.sha256()
    hash.update(content)
    return isDigest(hash.result(), of: number)
  }

  /// Whether a SHA-256 is the digest of a piece.
  func isDigest(_ digest: [UInt8], of number: Int) -> Bool {
    let start = number * Self.hashSize
    return number < pieceCount && pieces[start..<start + Self.hashSize].elementsEqual(digest)
  }

  /// The form on disk, which ends with a digest of all that is before.
  func serialized() -> [UInt8] {
    var writer = ByteWriter()
    writer.add(blob.description.utf8)
    writer.add(content.description.utf8)
    writer.add(UInt64(compression.rawValue))
    writer.add(size)
    writer.add(UInt64(entryCount))
    writer.add(UInt64(entriesSize))
    writer.add(packedEntries)
    writer.add(pieces)
    writer.add(UInt64(checkpoints.count))
    for point in checkpoints {
      writer.add(point.output)
      writer.add(point.input)
      writer.add(UInt64(point.unusedBits))
      writer.add(UInt64(point.windowSize))
      writer.add(point.window)
    }
    return Self.signed(writer.bytes)
  }

  /// The form on disk of bytes, which need not be an index.
  static func signed(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA2.sha256()
    hash.update(signature.span)
    hash.update(bytes.span)
    return signature + hash.result() + bytes
  }

  /// Reads the form on disk.
  ///
  /// - Throws: if it is of another version, or damaged.
  init(parsing bytes: [UInt8]) throws(DecodingError) {
    let start = Self.signature.count + Self.hashSize
    guard bytes.count >= start, bytes.starts(with: Self.signature) else { throw ByteReader.malformed }
    var hash = SHA2.sha256()
    hash.update(Self.signature.span)
    hash.update(bytes.span.extracting(start..<bytes.count))
    guard bytes[Self.signature.count..<start].elementsEqual(hash.result()) else { throw ByteReader.malformed }
    var reader = ByteReader(Array(bytes[start...]))
    blob = try Self.digest(try reader.string())
    content = try Self.digest(try reader.string())
    guard let compression = LayerCompression(rawValue: try reader.number()) else { throw ByteReader.malformed }
    self.compression = compression
    size = try reader.signed()
    entryCount = try reader.number()
    entriesSize = try reader.number()
    guard entriesSize <= EntryTable.sizeLimit + Self.lastEntryLimit else { throw ByteReader.malformed }
    packedEntries = try reader.string()
    pieces = try reader.string()
    checkpoints = []
    for _ in 0..<(try reader.number(UInt32.self)) {
      let point = Checkpoint(
        output: try reader.signed(), input: try reader.signed(), unusedBits: try reader.number(), window: [],
        windowSize: try reader.number())
      guard point.windowSize <= GzipDecoder.windowSize, point.unusedBits < 8, point.input >= 0,
        (checkpoints.last?.output ?? 0)...max(size, 0) ~= point.output
      else { throw ByteReader.malformed }
      checkpoints.append(point)
      checkpoints[checkpoints.count - 1].window = try reader.string()
    }
    guard reader.isAtEnd, size >= 0 else { throw ByteReader.malformed }
  }

  /// Creates an index from its parts.
  init(
    blob: Digest, content: Digest, compression: LayerCompression, size: Int64, entries: EntryTable,
    checkpoints: [Checkpoint], pieces: [UInt8]
  ) throws(DecodingError) {
    try self.init(
      blob: blob, content: content, stream: (compression, size, checkpoints), table: entries.bytes,
      entryCount: entries.count, pieces: pieces)
  }

  /// Creates an index from its parts, with the bytes of a table of any kind.
  private init(
    blob: Digest, content: Digest, stream: (LayerCompression, Int64, [Checkpoint]), table: [UInt8], entryCount: Int,
    pieces: [UInt8]
  ) throws(DecodingError) {
    self.blob = blob
    self.content = content
    (compression, size, checkpoints) = stream
    packedEntries = try ZstdBuffer.compress(table.span)
    entriesSize = table.count
    self.entryCount = entryCount
    self.pieces = pieces
  }

  /// Creates the index of content that a stream decoded to its end, with a table that is not of a layer.
  ///
  /// - Parameter key: the name in a cache.
  /// - Parameter pieces: the digests of a ``PieceHasher``.
  package init(
    key: Digest, _ stream: LayerStream, _ compression: LayerCompression, table: [UInt8], pieces: [UInt8]
  ) throws(DecodingError) {
    guard table.count <= EntryTable.sizeLimit else {
      throw DecodingError("names longer than \(EntryTable.sizeLimit) bytes")
    }
    var digester = Digester(.sha256)
    digester.update(pieces.span)
    guard let content = digester.digest else { throw DecodingError("the hash function returned no digest") }
    try self.init(
      blob: key, content: content, stream: (compression, stream.position, stream.checkpoints), table: table,
      entryCount: 0, pieces: pieces)
  }

  private static func digest(_ text: [UInt8]) throws(DecodingError) -> Digest {
    guard let digest = try? Digest(String(decoding: text, as: UTF8.self)) else { throw ByteReader.malformed }
    return digest
  }
}
