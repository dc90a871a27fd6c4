/// The header block of a member: ustar of POSIX.1 (`pax(1)`, "ustar Interchange Format"), GNU tar's, or Unix V7's.
struct TarHeader {
  /// The name, with the prefix of a ustar header.
  let name: [UInt8]
  /// The length of the content, in bytes.
  let size: Int64
  /// The modification time, in seconds since 1970-01-01T00:00:00Z.
  let modified: Int64
  /// The type flag: `typeflag` of ustar.
  let type: UInt8
  /// The target of a link: `linkname`.
  let linkName: [UInt8]

  /// Parses a block of 512 bytes; fails if the checksum is wrong or a number is malformed.
  init?(_ block: [UInt8]) {
    let sumField = 148..<156
    var sum: Int64 = 0
    for (index, byte) in block.enumerated() { sum += Int64(sumField ~= index ? UInt8(ascii: " ") : byte) }
    guard block.count == 512, Self.number(block[sumField]) == sum, let size = Self.number(block[124..<136]) else {
      return nil
    }
    self.size = size
    modified = Self.number(block[136..<148]) ?? 0
    type = block[156]
    linkName = Self.text(block[157..<257])
    let name = Self.text(block[0..<100])
    // GNU tar's format, with another magic, uses the bytes of the prefix for other fields.
    let prefix = block[257..<263].elementsEqual("ustar\0".utf8) ? Self.text(block[345..<500]) : []
    self.name = prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
  }

  private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] {
    Array(field.prefix { $0 != 0 })
  }

  /// A number in octal digits, or, with the first bit set, in base 256 for larger values (GNU tar). Negative ones are
  /// rejected.
  private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
    var value: Int64 = 0
    if let first = field.first, first & 0x80 != 0 {
      for byte in [first & 0x7F] + field.dropFirst() {
        guard value <= Int64.max >> 8 else { return nil }
        value = value << 8 | Int64(byte)
      }
      return value
    }
    let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
    for digit in digits {
      guard UInt8(ascii: "0")...UInt8(ascii: "7") ~= digit, value <= Int64.max >> 3 else { return nil }
      value = value << 3 | Int64(digit & 7)
    }
    return value
  }
}
