import OCI

/// The tokens of a TOML document.
struct TOMLScanner {
  private let bytes: [UInt8]
  private var position = 0
  /// The line of the position, from 1.
  private(set) var line = 1

  init(_ text: String) {
    bytes = Array(text.utf8)
    if text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func error(_ reason: String) -> TOMLError { TOMLError(line: line, reason: reason) }

  mutating func take(_ token: String) -> Bool {
    guard bytes[position...].starts(with: token.utf8) else { return false }
    position += token.utf8.count
    return true
  }

  mutating func require(_ token: String) throws(TOMLError) {
    skipBlanks()
    guard take(token) else { throw error("missing \(token)") }
  }

  mutating func skipBlanks() {
    while next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") { position += 1 }
  }

  /// Skips blanks, a comment, and the end of the line.
  ///
  /// - Returns: whether there was an end of a line.
  private mutating func skipLine() throws(TOMLError) -> Bool {
    skipBlanks()
    if next == UInt8(ascii: "#") {
      while let byte = next, byte != UInt8(ascii: "\n"), !bytes[position...].starts(with: "\r\n".utf8) {
        guard isText(byte) else { throw error("control character in a comment") }
        position += 1
      }
    }
    guard take("\r\n") || take("\n") else { return false }
    line += 1
    return true
  }

  /// Skips blank lines and comments.
  mutating func skipLines() throws(TOMLError) {
    while try skipLine() {}
  }

  /// Skips to the next statement.
  ///
  /// - Returns: `false` at the end of the document.
  mutating func skipToStatement() throws(TOMLError) -> Bool {
    try skipLines()
    return next != nil
  }

  mutating func endOfLine() throws(TOMLError) {
    let current = line
    guard try skipLine() || next == nil else { throw TOMLError(line: current, reason: "unexpected text after a value") }
  }

  /// Reads a key: its parts, which dots separate.
  mutating func key() throws(TOMLError) -> [String] {
    var parts: [String] = []
    repeat {
      skipBlanks()
      if bytes[position...].starts(with: #"""""#.utf8) || bytes[position...].starts(with: "'''".utf8) {
        throw error("key in three quotes")
      }
      if let quoted = try string() {
        parts.append(quoted)
      } else {
        let start = position
        while let byte = next, Self.isBare(byte) { position += 1 }
        guard position > start else { throw error("missing key") }
        parts.append(String(decoding: bytes[start..<position], as: UTF8.self))
      }
      skipBlanks()
    } while take(".")
    return parts
  }

  /// Reads a value without quotes. One space may separate a date from a time.
  mutating func word() -> String {
    let start = position
    while let byte = next {
      let isSeparator =
        byte == UInt8(ascii: " ") && position - start == 10 && position + 1 < bytes.count
        && bytes[position + 1].isDigit && bytes[start].isDigit
      guard Self.isBare(byte) || "+.:".utf8.contains(byte) || isSeparator else { break }
      position += 1
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// Reads a string in any of the four forms; `nil` if there is none.
  mutating func string() throws(TOMLError) -> String? {
    for (quotes, hasEscapes) in [(#"""""#, true), ("'''", false)] where take(quotes) {
      if take("\r\n") || take("\n") { line += 1 }
      return try content(endingWith: quotes, hasEscapes: hasEscapes, isMultiline: true)
    }
    for (quote, hasEscapes) in [(#"""#, true), ("'", false)] where take(quote) {
      return try content(endingWith: quote, hasEscapes: hasEscapes, isMultiline: false)
    }
    return nil
  }

  private mutating func content(
    endingWith quotes: String, hasEscapes: Bool, isMultiline: Bool
  ) throws(TOMLError) -> String {
    let start = line
    var content: [UInt8] = []
    while let byte = next {
      if take(quotes) {
        // Up to two more quotes belong to the content of a string in three.
        for quote in quotes.utf8.prefix(1) where isMultiline {
          for _ in 0..<2 where next == quote {
            content.append(quote)
            position += 1
          }
        }
        return String(decoding: content, as: UTF8.self)
      }
      position += 1
      if byte == UInt8(ascii: #"\"#), hasEscapes {
        content += Array(try escaped(isMultiline: isMultiline).utf8)
      } else if byte == UInt8(ascii: "\n") || (byte == UInt8(ascii: "\r") && next == UInt8(ascii: "\n")) {
        guard isMultiline else { break }
        if byte == UInt8(ascii: "\n") { line += 1 }
        content.append(byte)
      } else {
        guard isText(byte) else { throw error("control character in a string") }
        content.append(byte)
      }
    }
    throw TOMLError(line: start, reason: "string without end")
  }

  /// Reads what follows a backslash.
  private mutating func escaped(isMultiline: Bool) throws(TOMLError) -> String {
    if isMultiline {
      // A backslash at the end of a line joins it with the next text.
      let before = (position, line)
      skipBlanks()
      if take("\r\n") || take("\n") {
        line += 1
        while true {
          skipBlanks()
          guard take("\r\n") || take("\n") else { return "" }
          line += 1
        }
      }
      (position, line) = before
    }
    let byte = next ?? 0
    position += 1
    switch byte {
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: #"""#): return #"""#
    case UInt8(ascii: #"\"#): return #"\"#
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      let length = byte == UInt8(ascii: "u") ? 4 : 8
      let digits = String(decoding: bytes[position...].prefix(length), as: UTF8.self)
      guard digits.utf8.count == length, digits.allSatisfy({ $0.isHexDigit }), let number = UInt32(digits, radix: 16),
        let scalar = Unicode.Scalar(number)
      else { throw error("invalid escape in a string") }
      position += length
      return String(scalar)
    default: throw error("invalid escape in a string")
    }
  }

  private func isText(_ byte: UInt8) -> Bool { byte == 0x09 || (byte >= 0x20 && byte != 0x7F) }

  /// Whether a byte may stand in a key without quotes.
  private static func isBare(_ byte: UInt8) -> Bool {
    byte.isLetterOrDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }
}
