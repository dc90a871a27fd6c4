extension JSONParser {
  /// Parses a string.
  mutating func string() throws(InvalidValue) -> String {
    guard try peek() == UInt8(ascii: "\"") else { throw invalid("string expected") }
    position += 1
    // Most strings are ASCII without escapes, and end where the first other byte is.
    let start = position
    while position < input.count, Self.isPlain(input[position]) { position += 1 }
    if position < input.count, input[position] == UInt8(ascii: "\"") {
      position += 1
      return String(decoding: input[start..<position - 1], as: UTF8.self)
    }
    var bytes = Array(input[start..<position])
    while true {
      let byte = try peek()
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        hasReplacements = true
        return Self.replacingInvalid(bytes)
      case UInt8(ascii: "\\"): try escape(into: &bytes)
      case 0..<0x20: throw invalid("control character in a string")
      default: bytes.append(byte)
      }
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    0x20..<0x80 ~= byte && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  /// Decodes UTF-8 with U+FFFD for each byte that is not part of a character, as Go's `utf8.DecodeRune` does.
  private static func replacingInvalid(_ bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    var rest = bytes[...]
    while let first = rest.first {
      let length =
        switch first {
        case 0..<0x80: 1
        case 0xC2..<0xE0: 2
        case 0xE0..<0xF0: 3
        default: 4
        }
      let character = rest.prefix(length)
      if let scalar = String(validating: character, as: UTF8.self)?.unicodeScalars.first {
        text.append(scalar)
        rest = rest.dropFirst(length)
      } else {
        text.append(replacement)
        rest = rest.dropFirst()
      }
    }
    return String(text)
  }

  private static let replacement: Unicode.Scalar = "\u{FFFD}"

  private mutating func escape(into bytes: inout [UInt8]) throws(InvalidValue) {
    let byte = try peek()
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "u"):
      bytes.append(contentsOf: Character(try escapedScalar()).utf8)
    default:
      position -= 1
      throw invalid("unknown escape in a string")
    }
  }

  /// Parses the digits after `\u`, and the second half of a surrogate pair if it follows.
  private mutating func escapedScalar() throws(InvalidValue) -> Unicode.Scalar {
    let code = try hexadecimal()
    if let scalar = Unicode.Scalar(code) { return scalar }
    let afterFirst = position
    if code & 0xFC00 == 0xD800, try peek() == UInt8(ascii: "\\") {
      position += 1
      if try peek() == UInt8(ascii: "u") {
        position += 1
        let low = try hexadecimal()
        if low & 0xFC00 == 0xDC00, let scalar = Unicode.Scalar(0x10000 + (code & 0x3FF) << 10 + low & 0x3FF) {
          return scalar
        }
      }
    }
    // Not a pair: the next escape is read for itself.
    position = afterFirst
    hasReplacements = true
    return Self.replacement
  }

  private mutating func hexadecimal() throws(InvalidValue) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(try peek())).hexDigitValue, try peek() < 0x80 else {
        throw invalid("four hexadecimal digits expected")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
