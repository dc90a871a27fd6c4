import CAS
import CASPlatform
import OCI
import SystemPackage

/// Standard output, where every byte that cannot be written is an error.
struct Output {
  private static let bufferSize = 64 << 10
  private var buffer: [UInt8] = []

  /// Adds one line. A character that could change the line or the terminal is replaced.
  mutating func line(_ columns: String...) throws(CASError) {
    try add(Array(columns.map(\.onOneLine).joined(separator: "\t").utf8))
  }

  /// Adds lines as they are, and ends the last.
  mutating func text(_ text: String) throws(CASError) {
    try add(Array(text.utf8))
  }

  /// Adds a value as one line of JSON.
  mutating func line(_ value: JSON) throws(CASError) {
    try add(value.serialized)
  }

  /// Writes bytes as they are, after what was added before.
  mutating func write(_ bytes: Span<UInt8>) throws(CASError) {
    try flush()
    try Self.write(bytes)
  }

  /// Writes what was added; to be called before the end, or it is lost.
  mutating func flush() throws(CASError) {
    defer { buffer.removeAll(keepingCapacity: true) }
    if !buffer.isEmpty { try Self.write(buffer.span) }
  }

  private mutating func add(_ bytes: [UInt8]) throws(CASError) {
    buffer.append(contentsOf: bytes)
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= Self.bufferSize { try flush() }
  }

  private static func write(_ bytes: Span<UInt8>) throws(CASError) {
    do throws(Errno) {
      try StandardStream.output.write(bytes)
    } catch {
      throw CASError(error, OperationContext("write", on: "standard output"))
    }
  }
}

extension String {
  /// The text with `?` for every control character: names and media types may come from a hostile store.
  var onOneLine: String {
    // Nearly all text is free of them, and a million lines are looked at: U+0080 to U+009F begin with C2.
    guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 }) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}
