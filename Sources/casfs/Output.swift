import CAS
import CASPlatform
import OCI
import SystemPackage

/// Buffered standard output. A failed write is an error of the command.
struct Output {
  private static let bufferSize = 64 << 10
  private var buffer: [UInt8] = []

  /// Adds one line. Control characters in it are replaced.
  mutating func line(_ columns: String...) throws(CASError) {
    try line(columns)
  }

  /// Adds one line. Control characters in it are replaced.
  mutating func line(_ columns: [String]) throws(CASError) {
    try add(Array(columns.map(\.onOneLine).joined(separator: "\t").utf8))
  }

  /// Adds text and a newline.
  mutating func text(_ text: String) throws(CASError) {
    try add(Array(text.utf8))
  }

  /// Adds a value as one line of JSON.
  mutating func line(_ value: JSON) throws(CASError) {
    try add(value.serialized)
  }

  /// Writes the buffer, and then bytes as they are.
  mutating func write(_ bytes: Span<UInt8>) throws(CASError) {
    try flush()
    try Self.write(bytes)
  }

  /// Writes the buffer. Lines that are not flushed before the end are lost.
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
  /// The text with `?` for every control character, since names and media types may come from a hostile store.
  var onOneLine: String {
    // A fast path for a million lines, most of which have none. U+0080 to U+009F begin with the byte C2.
    guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 }) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}
