/// A strict and bounded parser of JSON (RFC 8259), for text from a store that may be hostile.
///
/// In addition to violations of the grammar it rejects nesting deeper than ``maximumDepth``, and two members with one name.
/// In strings, bytes that are not UTF-8 and unpaired surrogates become U+FFFD, as Go's `encoding/json` reads them.
struct JSONParser {
  /// The maximum nesting of arrays and objects.
  static let maximumDepth = 64

  /// The index of the next byte.
  var position = 0
  /// Whether text was replaced by U+FFFD.
  var hasReplacements = false
  let input: [UInt8]
  private var depth = 0

  init(_ input: [UInt8]) {
    self.input = input
  }

  /// Parses a text that is one value.
  static func parse(_ input: [UInt8]) throws(InvalidValue) -> JSON {
    var parser = JSONParser(input)
    let value = try parser.value()
    try parser.end()
    return value
  }

  /// Parses one value that begins in a text. Text behind the value does not count.
  static func parse(_ input: [UInt8], from start: Int) throws(InvalidValue) -> JSON {
    var parser = JSONParser(input)
    parser.position = start
    return try parser.value()
  }

  /// Parses one value.
  mutating func value() throws(InvalidValue) -> JSON {
    try skipSpace()
    switch try peek() {
    case UInt8(ascii: "{"):
      var members: [JSON.Member] = []
      try object { (name, parser) throws(InvalidValue) in
        members.append(JSON.Member(name, try parser.value()))
      }
      return .object(members)
    case UInt8(ascii: "["):
      var elements: [JSON] = []
      try array { (parser) throws(InvalidValue) in elements.append(try parser.value()) }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: return .number(try number())
    }
  }

  /// Parses an object. `body` is called with the name of each member, and parses its value.
  mutating func object(
    _ body: (String, inout JSONParser) throws(InvalidValue) -> Void
  ) throws(InvalidValue) {
    var names = NamePositions()
    var count = 0
    try list("{", "}") { (parser) throws(InvalidValue) in
      try parser.skipSpace()
      let name = try parser.string()
      guard names.insert(name, count) else { throw parser.invalid("duplicate member name") }
      count += 1
      try parser.expect(":")
      try body(name, &parser)
    }
  }

  /// Parses an array. `body` parses each element, which begins at ``position``.
  mutating func array(_ body: (inout JSONParser) throws(InvalidValue) -> Void) throws(InvalidValue) {
    try list("[", "]", body)
  }

  /// Fails unless only white space is left.
  mutating func end() throws(InvalidValue) {
    while position < input.count, Self.isSpace(input[position]) { position += 1 }
    guard position == input.count else { throw invalid("unexpected text after the value") }
  }

  /// Returns an error with the current position.
  func invalid(_ reason: String, exceedsBounds: Bool = false) -> InvalidValue {
    InvalidValue("byte \(position): \(reason)", exceedsBounds: exceedsBounds, offset: position)
  }

  /// Skips white space, which must not be the end of the text.
  mutating func skipSpace() throws(InvalidValue) {
    while Self.isSpace(try peek()) { position += 1 }
  }

  private mutating func list(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONParser) throws(InvalidValue) -> Void
  ) throws(InvalidValue) {
    try expect(open)
    depth += 1
    guard depth <= Self.maximumDepth else {
      throw invalid("nested more than \(Self.maximumDepth) levels deep", exceedsBounds: true)
    }
    defer { depth -= 1 }
    try skipSpace()
    if try peek() == UInt8(ascii: close) {
      position += 1
      return
    }
    while true {
      try skipSpace()
      try body(&self)
      try skipSpace()
      if try peek() == UInt8(ascii: close) {
        position += 1
        return
      }
      try expect(",")
    }
  }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  /// Returns the next byte.
  func peek() throws(InvalidValue) -> UInt8 {
    guard position < input.count else { throw invalid("unexpected end of the text") }
    return input[position]
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(InvalidValue) {
    try skipSpace()
    guard try peek() == UInt8(ascii: character) else { throw invalid("'\(character)' expected") }
    position += 1
  }

  private mutating func literal(_ text: String, _ value: JSON) throws(InvalidValue) -> JSON {
    try pass(over: text, "value expected")
    return value
  }

  /// Skips an expected text byte by byte, so that an end of the input within it counts as unfinished.
  private mutating func pass(over text: String, _ reason: String) throws(InvalidValue) {
    for byte in text.utf8 {
      guard try peek() == byte else { throw invalid(reason) }
      position += 1
    }
  }

  private mutating func number() throws(InvalidValue) -> String {
    let start = position
    if try peek() == UInt8(ascii: "-") { position += 1 }
    let first = position
    try digits()
    guard input[first] != UInt8(ascii: "0") || position == first + 1 else {
      throw invalid("number with a leading zero")
    }
    if position < input.count, input[position] == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if position < input.count, input[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      let sign = try peek()
      if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    return String(decoding: input[start..<position], as: UTF8.self)
  }

  private mutating func digits() throws(InvalidValue) {
    let start = position
    while position < input.count, input[position].isDigit { position += 1 }
    guard position > start else { throw invalid("value expected") }
  }
}

extension JSON {
  /// Parses a text that is one JSON value.
  ///
  /// Bytes in strings that are not UTF-8, and halves of surrogate pairs, become U+FFFD.
  ///
  /// - Throws: ``InvalidValue`` with the position of the error; also for nesting deeper than 64, and two members with one
  ///   name.
  public init(parsing text: [UInt8]) throws(InvalidValue) {
    self = try JSONParser.parse(text)
  }

  /// Whether a text is JSON in which characters are malformed, and read as U+FFFD.
  package static func hasMalformedText(_ text: [UInt8]) -> Bool {
    var parser = JSONParser(text)
    return (try? parser.value()) != nil && parser.hasReplacements
  }

  /// Whether a text is the beginning of a JSON value that is not complete.
  package static func isUnfinished(_ text: [UInt8]) -> Bool {
    var parser = JSONParser(text)
    do throws(InvalidValue) {
      _ = try parser.value()
      return false
    } catch {
      return parser.position == text.count
    }
  }
}
