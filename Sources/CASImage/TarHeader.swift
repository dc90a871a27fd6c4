import CASCompression

/// A header block of tar, as Go's `archive/tar` reads it: ustar of POSIX.1 (`pax(1)`), GNU tar's, star's, or Unix V7's.
struct TarHeader {
  var name: [UInt8]
  var mode: Int64
  var user: Int64
  var group: Int64
  var size: Int64
  /// In seconds since 1970-01-01T00:00:00Z.
  var modified: Int64
  var type: UInt8
  var linkName: [UInt8]
  var deviceMajor: Int64 = 0
  var deviceMinor: Int64 = 0

  /// Parses a block of 512 bytes.
  init(_ block: [UInt8]) throws(DecodingError) {
    guard block.count == 512, Self.hasChecksum(block) else {
      throw DecodingError("malformed tar: wrong checksum of a header")
    }
    name = Self.text(block[0..<100])
    mode = try Self.number(block[100..<108])
    user = try Self.number(block[108..<116])
    group = try Self.number(block[116..<124])
    size = try Self.number(block[124..<136])
    modified = try Self.number(block[136..<148])
    type = block[156]
    linkName = Self.text(block[157..<257])
    let isUstar = block[257..<263].elementsEqual("ustar\0".utf8)
    let isGNU = block[257..<265].elementsEqual("ustar  \0".utf8)
    guard isUstar || isGNU else { return }
    deviceMajor = try Self.number(block[329..<337])
    deviceMinor = try Self.number(block[337..<345])
    var prefix: [UInt8] = []
    if isUstar {
      let isStar = block[508..<512].elementsEqual("tar\0".utf8)
      prefix = Self.text(block[345..<(isStar ? 476 : 500)])
    } else if !Self.isNumber(block[345..<357]) || !Self.isNumber(block[357..<369]) {
      // Some writers put the prefix into GNU's fields for times.
      let text = Self.text(block[345..<500])
      if text.allSatisfy({ $0 < 0x80 }) { prefix = text }
    }
    if !prefix.isEmpty { name = prefix + [UInt8(ascii: "/")] + name }
  }

  /// The sum of the bytes, of which some writers took signed ones.
  private static func hasChecksum(_ block: [UInt8]) -> Bool {
    guard let stated = try? octal(block[148..<156]) else { return false }
    var unsigned: Int64 = 0
    var signed: Int64 = 0
    for index in 0..<512 {
      let byte = 148..<156 ~= index ? UInt8(ascii: " ") : block[index]
      unsigned += Int64(byte)
      signed += Int64(Int8(bitPattern: byte))
    }
    return stated == unsigned || stated == signed
  }

  private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] {
    Array(field.prefix { $0 != 0 })
  }

  private static func isNumber(_ field: ArraySlice<UInt8>) -> Bool {
    field.first == 0 || (try? number(field)) != nil
  }

  /// A number in octal digits, or, with the first bit set, in base 256 as two's complement (GNU tar).
  private static func number(_ field: ArraySlice<UInt8>) throws(DecodingError) -> Int64 {
    guard let first = field.first, first & 0x80 != 0 else { return try octal(field) }
    let isNegative = first & 0x40 != 0
    let mask: UInt8 = isNegative ? 0xFF : 0
    var value: UInt64 = 0
    for (index, byte) in field.enumerated() {
      let byte = (index == 0 ? (byte ^ mask) & 0x7F : byte ^ mask)
      guard value >> 56 == 0 else { throw DecodingError("malformed tar: number out of range") }
      value = value << 8 | UInt64(byte)
    }
    guard let result = Int64(exactly: value) else { throw DecodingError("malformed tar: number out of range") }
    return isNegative ? ~result : result
  }

  private static func octal(_ field: ArraySlice<UInt8>) throws(DecodingError) -> Int64 {
    func isFiller(_ byte: UInt8) -> Bool { byte == 0 || byte == UInt8(ascii: " ") }
    var digits = field.drop(while: isFiller)
    while let last = digits.last, isFiller(last) { digits.removeLast() }
    var value: Int64 = 0
    for digit in digits.prefix(while: { $0 != 0 }) {
      guard UInt8(ascii: "0")...UInt8(ascii: "7") ~= digit, value <= Int64.max >> 3 else {
        throw DecodingError("malformed tar: number of other than octal digits")
      }
      value = value << 3 | Int64(digit & 7)
    }
    return value
  }
}
