import OCI

/// A scanner of TOML that knows the ends of strings, comments, brackets and lines only.
///
/// It finds the lines of statements, which TOMLKit does not tell, and rejects texts that TOMLKit does not survive:
/// TOMLKit recurses for each bracket and for each part of a key with dots, ends a text at a NUL, and stops the process by
/// an assertion at some characters. Up to the first error that TOMLKit finds, both divide a text in the same way.
struct TOMLScanner {
  /// The most brackets around a value.
  static let maximumDepth = 16
  /// The most parts of a key with dots.
  static let maximumParts = 16

  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  /// The closing brackets that the text has to have.
  private var closing: [UInt8] = []
  /// Whether a value is next, or goes on, rather than a key.
  private var isValue = false

  private init(_ text: String) {
    bytes = Array(text.utf8)
    if text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// Finds the statements.
  ///
  /// - Throws: `TOMLError` for a text that TOMLKit must not read.
  static func statements(of text: String) throws(TOMLError) -> [TOMLStatement] {
    guard !text.utf8.contains(0) else {
      let line = 1 + text.utf8.prefix { $0 != 0 }.count { $0 == UInt8(ascii: "\n") }
      throw TOMLError(line: line, reason: "NUL character")
    }
    var scanner = TOMLScanner(text)
    var statements: [TOMLStatement] = []
    while let statement = try scanner.statement() { statements.append(statement) }
    return statements
  }

  private func byte(_ offset: Int = 0) -> UInt8? {
    bytes.indices.contains(position + offset) ? bytes[position + offset] : nil
  }

  private func error(_ reason: String) -> TOMLError { TOMLError(line: line, reason: reason) }

  private mutating func advance() {
    if byte() == UInt8(ascii: "\n") { line += 1 }
    position += 1
  }

  private mutating func statement() throws(TOMLError) -> TOMLStatement? {
    while let byte = byte(), byte.isBlank || byte == UInt8(ascii: "#") {
      if byte == UInt8(ascii: "#") { skipComment() } else { advance() }
    }
    guard let first = byte() else { return nil }
    let isHeader = first == UInt8(ascii: "[")
    if isHeader { try checkHeader() }
    let start = position
    var statement = TOMLStatement(head: "", line: line)
    var keyEnd: Int?
    var parts = 1
    (closing, isValue) = ([], false)
    var isElementNext = false
    while let byte = byte(), !closing.isEmpty || byte != UInt8(ascii: "\n") {
      if isElementNext, !byte.isBlank, byte != UInt8(ascii: "#") {
        if byte != closing.last { statement.elementLines.append(line) }
        isElementNext = false
      }
      try check(byte)
      switch byte {
      case UInt8(ascii: "#"):
        skipComment()
        continue
      case UInt8(ascii: #"""#), UInt8(ascii: "'"):
        try skipString(quote: byte)
        continue
      case UInt8(ascii: "."):
        parts += 1
        guard parts <= Self.maximumParts else { throw error("key of more than \(Self.maximumParts) parts") }
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        try open(byte)
        isElementNext = closing.count == 1 && !isHeader
        isValue = !isHeader && byte == UInt8(ascii: "[")
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        try close(byte)
        isValue = !isHeader
      case UInt8(ascii: ","):
        isElementNext = closing.count == 1
        isValue = !isHeader && closing.last == UInt8(ascii: "]")
      case UInt8(ascii: "="):
        keyEnd = keyEnd ?? position
        isValue = true
      default: break
      }
      if ",=[]{}\n".utf8.contains(byte) { parts = 1 }
      advance()
    }
    let end = isHeader ? position : keyEnd ?? position
    statement.head = String(decoding: bytes[start..<end], as: UTF8.self)
    return statement
  }

  /// Checks the character that the name of a header begins with.
  private func checkHeader() throws(TOMLError) {
    var name = bytes[position...].dropFirst().drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    if name.first == UInt8(ascii: "[") {
      name = name.dropFirst().drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }
    guard let first = name.first, !first.isLetterOrDigit, !#"-_"']"#.utf8.contains(first) else { return }
    throw error("missing name of a table")
  }

  /// Checks a character of a value, and what follows it in a date with a time.
  private func check(_ character: UInt8) throws(TOMLError) {
    guard isValue else { return }
    let isAfterWord = byte(-1)?.isWord == true
    let isRight =
      switch character {
      case UInt8(ascii: "="): false
      case UInt8(ascii: #"""#), UInt8(ascii: "'"): !isAfterWord
      case UInt8(ascii: " "): !isAfterWord || byte(1)?.isDigit != true || byte(2)?.isDigit == true
      case UInt8(ascii: "T"), UInt8(ascii: "t"):
        byte(-3) != UInt8(ascii: "-") || byte(-1)?.isDigit != true || byte(1)?.isDigit == true
      default: character.isWord || character.isBlank || ",#[]{}".utf8.contains(character)
      }
    guard isRight else { throw error("unexpected text in a value") }
  }

  private mutating func open(_ bracket: UInt8) throws(TOMLError) {
    guard closing.count < Self.maximumDepth else { throw error("too deeply nested value") }
    closing.append(bracket == UInt8(ascii: "[") ? UInt8(ascii: "]") : UInt8(ascii: "}"))
  }

  private mutating func close(_ bracket: UInt8) throws(TOMLError) {
    guard let expected = closing.popLast() else { return }
    guard bracket == expected else { throw error("missing \(Character(Unicode.Scalar(expected)))") }
  }

  private mutating func skipComment() {
    while let byte = byte(), byte != UInt8(ascii: "\n") { position += 1 }
  }

  /// Skips a string in any of the four forms, or to the end of the line where one without end begins.
  private mutating func skipString(quote: UInt8) throws(TOMLError) {
    let threeQuotes = [quote, quote, quote]
    let isMultiline = bytes[position...].starts(with: threeQuotes)
    position += isMultiline ? 3 : 1
    while let byte = byte(), isMultiline || byte != UInt8(ascii: "\n") {
      if byte == UInt8(ascii: #"\"#), quote == UInt8(ascii: #"""#) {
        position += 1
        let escape = bytes[position...]
        if escape.starts(with: "u0000".utf8) || escape.starts(with: "U00000000".utf8) { throw error("NUL character") }
        if self.byte() != nil { advance() }
      } else if isMultiline, bytes[position...].starts(with: threeQuotes) {
        position += 3
        // Up to two more quotes belong to the content.
        for _ in 0..<2 where self.byte() == quote { position += 1 }
        return
      } else if !isMultiline, byte == quote {
        position += 1
        return
      } else {
        advance()
      }
    }
  }
}

extension UInt8 {
  /// Whether the byte separates tokens or lines.
  fileprivate var isBlank: Bool {
    self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") || self == UInt8(ascii: "\n") || self == UInt8(ascii: "\r")
  }

  /// Whether the byte may stand in a number, a date, a time, `true` or `false`.
  fileprivate var isWord: Bool { isLetterOrDigit || "-_+:.".utf8.contains(self) }
}
