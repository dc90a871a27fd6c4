import OCI

/// The records of an extended header that matter here: POSIX.1-2001, `pax(1)`, "pax Extended Header".
struct PaxRecords {
  /// `path`: the member's name, if it does not fit into the header.
  var path: [UInt8]?
  /// `linkpath`: the target of a link, if it does not fit into the header.
  var linkPath: [UInt8]?
  /// `size`: the member's length in bytes, if it does not fit into the header.
  var size: Int64?
  /// Whether there is a `GNU.sparse.*` record: the content is stored without its holes.
  var isSparse = false

  /// Parses records `LENGTH KEY=VALUE\n`; later ones replace earlier ones of the same key.
  ///
  /// - Parameter name: the name of the extended header, for messages.
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
    } else if key.elementsEqual("linkpath".utf8) {
      linkPath = value.isEmpty ? nil : Array(value)
    } else if key.elementsEqual("size".utf8) {
      size = Self.number(value)
      guard value.isEmpty || size != nil else { throw .invalid(name, "invalid size in the extended header") }
    } else if key.starts(with: "GNU.sparse.".utf8) {
      isSparse = true
    }
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard digits.allSatisfy(\.isDigit) else { return nil }
    return Int64(String(decoding: digits, as: UTF8.self))
  }
}
