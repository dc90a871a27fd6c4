import CASCompression
import CASPlatform

/// Scans a tar archive that arrives in chunks, as Go's `archive/tar` reads it, and collects its entries.
struct TarScanner {
  private enum State {
    /// Collecting a header block.
    case header
    /// Collecting the block after one of zeros.
    case zeroBlock
    /// Collecting the content of an extended header of this type.
    case extended(UInt8)
    /// Collecting the map at the start of a sparse file's data.
    case sparseMap(LayerEntry)
    /// Skipping data and padding.
    case data
    /// After the end of the archive.
    case ended
  }

  private static let blockSize = 512
  /// The longest extended header, in bytes.
  private static let extendedLimit: Int64 = 1 << 20

  /// The entries so far.
  private(set) var entries = EntryTable()
  private var state = State.header
  /// The bytes that are collected, and their wanted number.
  private var buffer: [UInt8] = []
  private var wanted = TarScanner.blockSize
  /// Bytes of data and of padding to skip.
  private var data: Int64 = 0
  private var padding: Int64 = 0
  /// The offset of the next byte.
  private var offset: Int64 = 0
  private var records = PaxRecords()
  private var longName: [UInt8] = []
  private var longLink: [UInt8] = []

  /// Scans the next chunk.
  mutating func scan(_ chunk: Span<UInt8>) throws(DecodingError) {
    var position = 0
    while position < chunk.count {
      let count: Int
      switch state {
      case .ended: return
      case .data:
        count = Int(min(Int64(chunk.count - position), data > 0 ? data : padding))
        if data > 0 { data -= Int64(count) } else { padding -= Int64(count) }
      default:
        count = min(chunk.count - position, wanted - buffer.count)
        buffer.append(copying: chunk.extracting(position..<position + count))
      }
      position += count
      offset += Int64(count)
      try advance()
    }
  }

  /// Ends the archive.
  ///
  /// - Throws: if it ends within an entry. Neither the end blocks nor the last padding are required.
  func finish() throws(DecodingError) {
    switch state {
    case .ended: return
    case .header, .zeroBlock: if buffer.isEmpty { return }
    case .data: if data == 0 { return }
    case .extended, .sparseMap: break
    }
    throw DecodingError("truncated tar")
  }

  private mutating func advance() throws(DecodingError) {
    switch state {
    case .ended: return
    case .data:
      if data == 0, padding == 0 { collect(.header, Self.blockSize) }
    case .header where buffer.count == wanted: try header()
    case .zeroBlock where buffer.count == wanted:
      guard buffer.allSatisfy({ $0 == 0 }) else { throw DecodingError("malformed tar: block of zeros") }
      state = .ended
    case .extended(let type) where buffer.count == wanted:
      try extended(type)
      skip(0)
    case .sparseMap(let entry) where buffer.count == wanted: try sparseMap(entry)
    default: return
    }
  }

  private mutating func collect(_ next: State, _ count: Int) {
    state = next
    wanted = count
    buffer.removeAll(keepingCapacity: true)
  }

  private mutating func skip(_ count: Int64) {
    data = count
    state = .data
    if data == 0, padding == 0 { collect(.header, Self.blockSize) }
  }

  private static func padding(after size: Int64) -> Int64 {
    (512 - size % 512) % 512
  }

  private mutating func header() throws(DecodingError) {
    if buffer.allSatisfy({ $0 == 0 }) { return collect(.zeroBlock, Self.blockSize) }
    let header = try TarHeader(buffer)
    switch header.type {
    case UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"):
      guard 0...Self.extendedLimit ~= header.size else {
        throw DecodingError("extended header longer than \(Self.extendedLimit) bytes")
      }
      padding = Self.padding(after: header.size)
      collect(.extended(header.type), Int(header.size))
      if header.size == 0 {
        try extended(header.type)
        skip(0)
      }
    default: try entry(header)
    }
  }

  private mutating func extended(_ type: UInt8) throws(DecodingError) {
    switch type {
    case UInt8(ascii: "x"): records = try PaxRecords(buffer)
    case UInt8(ascii: "L"): longName = Array(buffer.prefix { $0 != 0 })
    case UInt8(ascii: "K"): longLink = Array(buffer.prefix { $0 != 0 })
    default:
      // Global records change nothing, but must be well formed.
      _ = try PaxRecords(buffer)
      forget()
    }
  }

  private mutating func forget() {
    records = PaxRecords()
    longName = []
    longLink = []
  }

  private mutating func entry(_ header: TarHeader) throws(DecodingError) {
    defer { forget() }
    let builder = try EntryBuilder(header, records, longName: longName, longLink: longLink)
    var entry = builder.entry
    entry.offset = offset
    padding = Self.padding(after: builder.dataSize)
    data = builder.dataSize
    guard builder.hasSparseMap else {
      try entries.append(entry)
      return skip(builder.dataSize)
    }
    collect(.sparseMap(entry), Self.blockSize)
    guard data >= Int64(Self.blockSize) else { throw DecodingError("malformed tar: map of a sparse file") }
  }

  /// Reads the map of GNU's sparse format 1.0: decimal numbers, each with a newline, in whole blocks of the data.
  private mutating func sparseMap(_ pending: LayerEntry) throws(DecodingError) {
    let lines = buffer.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
    if let first = lines.first {
      guard let count = PaxRecords.integer(Array(first)), 0...Int64(SparsePiece.limit) ~= count else {
        throw DecodingError("malformed tar: map of a sparse file")
      }
      if lines.count > Int(count) * 2 {
        var numbers: [Int64] = []
        for line in lines.dropFirst().prefix(Int(count) * 2) {
          guard let number = PaxRecords.integer(Array(line)) else { throw PaxRecords.malformed }
          numbers.append(number)
        }
        var entry = pending
        entry.pieces = try SparsePiece.list(numbers, size: entry.size)
        entry.offset = offset
        let rest = data - Int64(buffer.count)
        try EntryBuilder.check(entry.pieces, dataSize: rest)
        try entries.append(entry)
        return skip(rest)
      }
    }
    wanted += Self.blockSize
    guard Int64(wanted) <= data, wanted <= 4 << 20 else { throw DecodingError("malformed tar: map of a sparse file") }
  }
}
