/// Names of files in the quoting of GNU tar: one line, and text from which every byte of the name follows.
enum QuotedName {
  private static let letters: [UInt8: String] = [
    0x07: "\\a", 0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0B: "\\v", 0x0C: "\\f", 0x0D: "\\r",
    UInt8(ascii: "\\"): "\\\\",
  ]

  /// A name or a target as text. Backslashes, control characters and bytes that are not UTF-8 are escaped.
  static func text(_ name: [UInt8]) -> String {
    // A fast path for a million lines, most of which have nothing to escape.
    guard name.contains(where: { $0 < 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: "\\") }) else {
      return String(decoding: name, as: UTF8.self)
    }
    var text = ""
    var rest = name[...]
    while let first = rest.first {
      // The shortest prefix that is UTF-8 is one scalar.
      let scalar = (1...4).lazy.compactMap { (count) in
        String(validating: rest.prefix(count), as: UTF8.self)?.unicodeScalars.first
      }.first
      let bytes = rest.prefix(scalar.map { UTF8.width($0) } ?? 1)
      rest = rest.dropFirst(bytes.count)
      if let letter = letters[first] {
        text += letter
      } else if let scalar, isShown(scalar) {
        text.unicodeScalars.append(scalar)
      } else {
        for byte in bytes { text += escape(byte) }
      }
    }
    return text
  }

  /// The name of a symbolic link, in which an arrow is not taken for the one before its target.
  static func text(ofLink name: [UInt8]) -> String {
    text(name).split(separator: " -> ", omittingEmptySubsequences: false)
      .joined(separator: " -\(escape(UInt8(ascii: ">"))) ")
  }

  private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }

  private static func escape(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 8)
    return "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
  }
}
