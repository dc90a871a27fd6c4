import CASCompression
import CASPlatform

/// The records of an extended header (POSIX.1-2001, `pax(1)`), as Go's `archive/tar` reads them.
struct PaxRecords {
  /// The values by key; of two equal keys the last counts.
  private var values: [String: [UInt8]] = [:]
  /// The names and values of `SCHILY.xattr.NAME`, in their order.
  private(set) var attributes: [ExtendedAttribute] = []

  /// No records.
  init() {}

  /// Parses records `LENGTH KEY=VALUE\n`.
  init(_ content: [UInt8]) throws(DecodingError) {
    var rest = content[...]
    var map: [[UInt8]] = []
    while let space = rest.firstIndex(of: UInt8(ascii: " ")) {
      guard let length = Self.integer(Array(rest[..<space])), length >= 5, length <= rest.count,
        space - rest.startIndex + 1 < length
      else { throw Self.malformed }
      let record = rest[(space + 1)..<(rest.startIndex + Int(length) - 1)]
      guard rest[record.endIndex] == UInt8(ascii: "\n"), let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
        throw Self.malformed
      }
      rest = rest[(record.endIndex + 1)...]
      try add(Array(record[..<equals]), Array(record[(equals + 1)...]), &map)
    }
    guard rest.isEmpty else { throw Self.malformed }
    if !map.isEmpty { values["GNU.sparse.map"] = Array(map.joined(separator: [UInt8(ascii: ",")])) }
  }

  private mutating func add(_ key: [UInt8], _ value: [UInt8], _ map: inout [[UInt8]]) throws(DecodingError) {
    let prefix = Array("SCHILY.xattr.".utf8)
    let text = String(decoding: key, as: UTF8.self)
    if ["path", "linkpath", "uname", "gname"].contains(text) {
      guard !value.contains(0) else { throw Self.malformed }
    } else if key.isEmpty || key.contains(0) {
      throw Self.malformed
    }
    switch text {
    case "GNU.sparse.offset", "GNU.sparse.numbytes":
      let isOffset = text == "GNU.sparse.offset"
      guard map.count.isMultiple(of: 2) == isOffset, !value.contains(UInt8(ascii: ",")) else { throw Self.malformed }
      map.append(value)
    case _ where key.starts(with: prefix):
      let name = Array(key.dropFirst(prefix.count))
      attributes.removeAll { $0.name == name }
      attributes.append(ExtendedAttribute(name: name, value: value))
    default: values[text] = value
    }
  }

  /// The value of a key; `nil` if it is absent or empty, as the header's own field counts then.
  subscript(key: String) -> [UInt8]? {
    values[key].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A whole number; `nil` if it is absent.
  func integer(_ key: String) throws(DecodingError) -> Int64? {
    guard let value = self[key] else { return nil }
    guard let number = Self.integer(value) else { throw Self.malformed }
    return number
  }

  /// A time in seconds with a fraction; `nil` if it is absent.
  func time(_ key: String) throws(DecodingError) -> Timestamp? {
    guard let value = self[key] else { return nil }
    let parts = value.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let seconds = Self.integer(Array(parts[0])) else { throw Self.malformed }
    let fraction = parts.count > 1 ? Array(parts[1]) : []
    guard fraction.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { throw Self.malformed }
    var nanoseconds: UInt32 = 0
    for index in 0..<9 { nanoseconds = nanoseconds * 10 + (index < fraction.count ? UInt32(fraction[index] & 15) : 0) }
    guard value.first == UInt8(ascii: "-"), nanoseconds > 0 else {
      return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }
    return Timestamp(seconds: seconds &- 1, nanoseconds: 1_000_000_000 - nanoseconds)
  }

  static func integer(_ digits: [UInt8]) -> Int64? {
    Int64(String(decoding: digits, as: UTF8.self))
  }

  static var malformed: DecodingError { DecodingError("malformed tar: extended header") }
}
