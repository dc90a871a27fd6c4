/// What files below `/proc/PID` say: `proc(5)`.
enum ProcessText {
  /// The value on the line that begins with a name and its colon, in `status` and `fdinfo/N`.
  static func field(_ name: String, of text: String) -> String? {
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) where line.starts(with: name.utf8) {
      let value = line.dropFirst(name.utf8.count).drop { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
      return String(decoding: value, as: UTF8.self)
    }
    return nil
  }

  /// `exit_code`, the 52nd field of `stat`. The command's name, the second, is in parentheses, and may have anything.
  static func exitCode(in stat: String) -> Int32? {
    guard let end = stat.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = stat.utf8[end...].dropFirst().split(separator: UInt8(ascii: " "))
    guard fields.count >= 50 else { return nil }
    return Int32(String(decoding: fields[49].prefix { $0 > 0x20 }, as: UTF8.self))
  }
}
