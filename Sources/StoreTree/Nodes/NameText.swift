/// Names as text. The kernel's names are bytes, and need not be UTF-8; here each has a text of its own.
///
/// A byte that is not UTF-8 stands as a scalar that nobody uses, the last ones of the last plane, which belongs to
/// private use; so do the bytes of one of those scalars where a name has it.
public enum NameText {
  private static let base: UInt32 = 0x10_FF00
  /// The first byte of the UTF-8 of all scalars that stand for bytes, and of few others.
  private static let mark: UInt8 = 0xF4

  /// Whether the bytes of a text are just its UTF-8.
  public static func isPlain(_ text: String) -> Bool {
    // To the end in any case: so the processor looks at many bytes at a time.
    var isMarked = false
    let bytes = text.utf8.span
    for index in bytes.indices { isMarked = bytes[index] == mark || isMarked }
    return !isMarked
  }

  /// The text of a name's bytes, which are not UTF-8, or not plain.
  public static func text(of bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    var rest = bytes[...]
    while let first = rest.first {
      // The shortest beginning that is UTF-8 is one scalar.
      let scalar = (1...4).lazy.compactMap { count in
        String(validating: rest.prefix(count), as: UTF8.self)?.unicodeScalars.first
      }.first
      if let scalar, !byteScalars.contains(scalar) {
        text.append(scalar)
        rest = rest.dropFirst(UTF8.width(scalar))
      } else {
        // No byte that begins nothing is below 0x80, so the scalar is one of those.
        if let scalar = Unicode.Scalar(base + UInt32(first)) { text.append(scalar) }
        rest = rest.dropFirst()
      }
    }
    return String(text)
  }

  /// The bytes of a name's text.
  public static func bytes(of text: String) -> [UInt8] {
    guard !isPlain(text) else { return Array(text.utf8) }
    return text.unicodeScalars.flatMap { scalar in
      byteScalars.contains(scalar) ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(scalar).utf8)
    }
  }

  /// How many bytes a name has.
  static func length(of text: String) -> Int {
    isPlain(text) ? text.utf8.count : bytes(of: text).count
  }

  /// The scalars that stand for bytes, and in no text for themselves.
  static let byteScalars: ClosedRange<Unicode.Scalar> = "\u{10FF80}"..."\u{10FFFF}"
}
