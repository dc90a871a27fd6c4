/// Base64 with padding (RFC 4648, section 4), as Go's `encoding/json` writes bytes.
enum Base64 {
  /// Decodes a text; `nil` if it is malformed. Line breaks are ignored.
  static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 4 * 3)
    var group: UInt32 = 0
    var count = 0
    var padding = 0
    for character in text.utf8 where character != UInt8(ascii: "\n") && character != UInt8(ascii: "\r") {
      if character == UInt8(ascii: "=") {
        padding += 1
        guard count + padding <= 4, count >= 2 else { return nil }
        continue
      }
      guard padding == 0, let value = value(of: character) else { return nil }
      group = group << 6 | value
      count += 1
      guard count == 4 else { continue }
      append(group, 3, to: &bytes)
      (group, count) = (0, 0)
    }
    if count == 0, padding == 0 { return bytes }
    guard count + padding == 4 else { return nil }
    append(group << (6 * UInt32(padding)), 3 - padding, to: &bytes)
    return bytes
  }

  /// Appends the first bytes of a group of 24 bits.
  private static func append(_ group: UInt32, _ count: Int, to bytes: inout [UInt8]) {
    let all = [
      UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8), UInt8(truncatingIfNeeded: group),
    ]
    bytes += all.prefix(count)
  }

  private static func value(of character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
