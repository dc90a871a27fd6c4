import CASCompression
import CASPlatform

/// The entries of a layer in their order, packed: a path shares its start with the one before.
struct EntryTable: Sendable {
  /// The largest size of a table, in bytes: the names, link targets and extended attributes of a layer.
  static let sizeLimit = 128 << 20
  /// The largest number of entries of a layer.
  static let countLimit = 4_000_000
  /// The smallest size of an entry, in bytes: its ten fields.
  static let leastEntrySize = 10

  private let sizeLimit: Int
  private let countLimit: Int
  private(set) var count = 0
  private var writer = ByteWriter()
  private var lastPath: [UInt8] = []

  /// The packed entries.
  var bytes: [UInt8] { writer.bytes }

  /// An empty table.
  ///
  /// - Parameter sizeLimit: in bytes; the last entry can exceed it.
  /// - Parameter countLimit: the most entries.
  init(sizeLimit: Int = EntryTable.sizeLimit, countLimit: Int = EntryTable.countLimit) {
    self.sizeLimit = sizeLimit
    self.countLimit = countLimit
  }

  /// Adds an entry.
  ///
  /// - Throws: if the layer has too many.
  mutating func append(_ entry: LayerEntry) throws(DecodingError) {
    guard count < countLimit else { throw DecodingError("too many entries in a layer: \(count)") }
    guard writer.bytes.count < sizeLimit else {
      throw DecodingError("names and attributes of a layer longer than \(sizeLimit) bytes")
    }
    count += 1
    let shared = zip(lastPath, entry.path).prefix { $0 == $1 }.count
    writer.add(UInt64(entry.kind?.rawValue ?? 15) | (entry.pieces == nil ? 0 : 16))
    writer.add(UInt64(shared))
    writer.add(entry.path[shared...])
    lastPath = entry.path
    writer.add(entry.link)
    writer.add(UInt64(entry.mode))
    writer.add(UInt64(entry.user))
    writer.add(UInt64(entry.group))
    writer.add(entry.modified.seconds)
    writer.add(UInt64(entry.modified.nanoseconds))
    writer.add(UInt64(entry.attributes.count))
    for attribute in entry.attributes {
      writer.add(attribute.name)
      writer.add(attribute.value)
    }
    switch entry.kind {
    case .file:
      writer.add(entry.size)
      writer.add(entry.offset)
    case .characterDevice, .blockDevice:
      writer.add(UInt64(entry.deviceMajor))
      writer.add(UInt64(entry.deviceMinor))
    default: break
    }
    guard let pieces = entry.pieces else { return }
    writer.add(UInt64(pieces.count))
    for piece in pieces {
      writer.add(piece.offset)
      writer.add(piece.length)
    }
  }

  /// Iterates over packed entries.
  struct Reader {
    private var reader: ByteReader
    private let contentSize: Int64
    private var lastPath: [UInt8] = []

    /// - Parameter contentSize: the length of the decoded layer, in bytes, beyond which no file has data.
    init(_ bytes: [UInt8], contentSize: Int64 = .max) {
      self.contentSize = contentSize
      reader = ByteReader(bytes)
    }

    /// The next entry; `nil` after the last.
    mutating func next() throws(DecodingError) -> LayerEntry? {
      if reader.isAtEnd { return nil }
      let flags = try reader.number(UInt8.self)
      let kind = FileKind(rawValue: flags & 15)
      guard kind != nil || flags & 15 == 15 else { throw ByteReader.malformed }
      let shared = try reader.number(Int.self)
      guard shared <= lastPath.count else { throw ByteReader.malformed }
      // In place, while no entry before shares the path.
      lastPath.removeLast(lastPath.count - shared)
      try reader.readString(appendingTo: &lastPath)
      guard LayerPath.isClean(lastPath) else { throw ByteReader.malformed }
      let link = try reader.string()
      var entry = LayerEntry(
        kind: kind, path: lastPath, link: link, mode: try reader.number(), user: try reader.number(),
        group: try reader.number(),
        modified: Timestamp(seconds: try reader.signed(), nanoseconds: try reader.number()))
      guard entry.mode <= 0o7777, entry.modified.seconds >= 0, entry.modified.nanoseconds < 1_000_000_000 else {
        throw ByteReader.malformed
      }
      for _ in 0..<(try reader.number(UInt16.self)) {
        entry.attributes.append(ExtendedAttribute(name: try reader.string(), value: try reader.string()))
      }
      switch kind {
      case .file:
        entry.size = try reader.signed()
        entry.offset = try reader.signed()
      case .characterDevice, .blockDevice:
        entry.deviceMajor = try reader.number()
        entry.deviceMinor = try reader.number()
      default: break
      }
      guard entry.size >= 0, entry.offset >= 0 else { throw ByteReader.malformed }
      var dataSize = entry.size
      if flags & 16 != 0 {
        let pieces = try pieces(of: entry.size)
        // The sum is at most the size: pieces are in order within the file.
        dataSize = pieces.reduce(0) { $0 + $1.length }
        entry.pieces = pieces
      }
      guard entry.offset <= contentSize - dataSize else { throw ByteReader.malformed }
      return entry
    }

    private mutating func pieces(of size: Int64) throws(DecodingError) -> [SparsePiece] {
      var numbers: [Int64] = []
      for _ in 0..<(try reader.number(UInt32.self)) { numbers += [try reader.signed(), try reader.signed()] }
      return try SparsePiece.list(numbers, size: size)
    }
  }
}
