/// Finds the end of a JSON object or array while its bytes arrive, without parsing it.
///
/// It counts brackets outside strings, so an extent that has ended need not be valid. A text that is a valid object or array
/// has ended.
package struct JSONExtent: Sendable {
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  /// The number of bytes so far.
  package private(set) var count = 0
  /// Whether the outermost bracket was closed.
  package private(set) var hasEnded = false

  /// Starts before the first byte.
  package init() {}

  /// Continues with the next bytes.
  package mutating func append(_ bytes: ArraySlice<UInt8>) {
    for byte in bytes {
      count += 1
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth <= 0 { hasEnded = true }
      default: break
      }
    }
  }
}
