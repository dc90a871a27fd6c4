/// File names as text. A name of the kernel is bytes, which need not be UTF-8; each has one text, and each text one
/// name.
///
/// A byte that is not part of UTF-8 is represented by one of the last 128 scalars of the last plane, which is for
/// private use. The bytes of such a scalar in a name are represented in the same way.
public enum NameText {
  private static let base: UInt32 = 0x10_FF00
  /// The first byte of the UTF-8 of every scalar that represents a byte, and of few others.
  private static let mark: UInt8 = 0xF4

  /// Whether a text is the UTF-8 of its name.
  public static func isPlain(_ text: String) -> Bool {
    // Without an early exit the loop is vectorized.
    var isMarked = false
    let bytes = text.utf8.span
    for index in bytes.indices { isMarked = bytes[index] == mark || isMarked }
    return !isMarked
  }

  /// The text of a name that is not UTF-8, or not plain.
  public static func text(of bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    var rest = bytes[...]
    while let first = rest.first {
      // The shortest prefix that is UTF-8 is one scalar.
      let scalar = (1...4).lazy.compactMap { count in
        String(validating: rest.prefix(count), as: UTF8.self)?.unicodeScalars.first
      }.first
      if let scalar, !byteScalars.contains(scalar) {
        text.append(scalar)
        rest = rest.dropFirst(UTF8.width(scalar))
      } else {
        // A byte that begins no scalar is 0x80 or more, so the sum is a scalar.
        if let scalar = Unicode.Scalar(base + UInt32(first)) { text.append(scalar) }
        rest = rest.dropFirst()
      }
    }
    return String(text)
  }

  /// The text of any name.
  public static func text(ofAny bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self), isPlain(text) { return text }
    return text(of: bytes)
  }

  /// The bytes of a name's text.
  public static func bytes(of text: String) -> [UInt8] {
    guard !isPlain(text) else { return Array(text.utf8) }
    return text.unicodeScalars.flatMap { scalar in
      byteScalars.contains(scalar) ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(scalar).utf8)
    }
  }

  /// The length of a name in bytes.
  static func length(of text: String) -> Int {
    isPlain(text) ? text.utf8.count : bytes(of: text).count
  }

  /// The scalars that represent bytes.
  static let byteScalars: ClosedRange<Unicode.Scalar> = "\u{10FF80}"..."\u{10FFFF}"
}
