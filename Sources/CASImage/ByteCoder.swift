package import CASCompression

/// Writes numbers and byte strings compactly: LEB128, and strings after their length.
package struct ByteWriter {
  /// The bytes so far.
  package private(set) var bytes: [UInt8] = []

  /// Begins without bytes.
  package init() {}

  /// Adds a number.
  package mutating func add(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  /// Adds a number, which can be negative.
  package mutating func add(_ value: Int64) {
    add(UInt64(bitPattern: value << 1 ^ value >> 63))
  }

  /// Adds a string.
  package mutating func add(_ value: some Collection<UInt8>) {
    add(UInt64(value.count))
    bytes.append(contentsOf: value)
  }
}

/// Reads what a ``ByteWriter`` wrote. Other bytes are an error and never a trap.
package struct ByteReader {
  private let bytes: [UInt8]
  private var position = 0

  /// Begins at the first byte.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Whether all bytes were read.
  package var isAtEnd: Bool { position == bytes.count }

  /// Reads a number that cannot be negative.
  package mutating func unsigned() throws(DecodingError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard position < bytes.count else { throw Self.malformed }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw Self.malformed
  }

  /// Reads a number that can be negative.
  package mutating func signed() throws(DecodingError) -> Int64 {
    let value = try unsigned()
    return Int64(bitPattern: value >> 1) ^ -Int64(value & 1)
  }

  /// Reads a number.
  package mutating func number<Number: FixedWidthInteger>(
    _ type: Number.Type = Number.self
  ) throws(DecodingError) -> Number {
    guard let number = Number(exactly: try unsigned()) else { throw Self.malformed }
    return number
  }

  /// Reads a string.
  package mutating func string() throws(DecodingError) -> [UInt8] {
    let count = try number(Int.self)
    guard count <= bytes.count - position else { throw Self.malformed }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  /// Reads a string, and appends it to other bytes.
  package mutating func readString(appendingTo other: inout [UInt8]) throws(DecodingError) {
    let count = try number(Int.self)
    guard count <= bytes.count - position else { throw Self.malformed }
    other += bytes[position..<position + count]
    position += count
  }

  /// The error of other bytes than a writer wrote.
  package static var malformed: DecodingError { DecodingError("malformed index") }
}
