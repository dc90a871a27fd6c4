/// A member's first block, in any of the formats.
struct TarHeader {
  /// The name, with its prefix.
  let name: [UInt8]
  /// The length of what follows, in bytes.
  let size: Int64
  /// In seconds since 1970.
  let modified: Int64
  /// What the member is.
  let type: UInt8

  /// Reads 512 bytes.
  ///
  /// - Returns: `nil` when their sum is not what it must be, or a number is none.
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
    let name = Self.text(block[0..<100])
    // GNU's format has other things where POSIX's has the prefix.
    let prefix = block[257..<263].elementsEqual("ustar\0".utf8) ? Self.text(block[345..<500]) : []
    self.name = prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
  }

  private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] {
    Array(field.prefix { $0 != 0 })
  }

  /// A number that is not negative: in octal digits, or, where those are too few, in bytes.
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
