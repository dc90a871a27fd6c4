/// What an extended header says of the member that follows, as far as it matters: POSIX.1-2001, `pax(1)`.
struct PaxRecords {
  /// The name, where it does not fit into the member's own header.
  var path: [UInt8]?
  /// The length, where it does not.
  var size: Int64?
  /// Whether the content is stored without its holes, in GNU's way.
  var isSparse = false

  /// Reads `LENGTH KEY=VALUE` records, each ended by a line's end.
  ///
  /// - Parameter name: whose they are.
  mutating func add(_ content: [UInt8], of name: [UInt8]) throws(ArchiveError) {
    var rest = content[...]
    while !rest.isEmpty {
      let digits = rest.prefix { $0 != UInt8(ascii: " ") }
      guard let length = Self.number(digits), length <= rest.count, length > digits.count + 1 else {
        throw .invalid(name, "malformed extended header")
      }
      let record = rest.prefix(Int(length)).dropFirst(digits.count + 1)
      rest = rest.dropFirst(Int(length))
      guard record.last == UInt8(ascii: "\n"), let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
        throw .invalid(name, "malformed extended header")
      }
      try set(record[..<equals], record[(equals + 1)...].dropLast(), of: name)
    }
  }

  private mutating func set(
    _ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, of name: [UInt8]
  ) throws(ArchiveError) {
    if key.elementsEqual("path".utf8) {
      path = value.isEmpty ? nil : Array(value)
    } else if key.elementsEqual("size".utf8) {
      size = Self.number(value)
      guard value.isEmpty || size != nil else { throw .invalid(name, "invalid size in the extended header") }
    } else if key.starts(with: "GNU.sparse.".utf8) {
      isSparse = true
    }
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
    return Int64(String(decoding: digits, as: UTF8.self))
  }
}
