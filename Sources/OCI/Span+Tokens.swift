extension Span<UInt8> {
  /// Whether this JSON text and another one have the same tokens, so that they differ by the space between these at most.
  func hasTokens(of other: Span<UInt8>) -> Bool {
    guard let (end, isInString) = endOfTokens(of: other) else { return false }
    return end == count || !isInString && (end..<count).allSatisfy { JSONParser.isSpace(self[$0]) }
  }

  /// The number of bytes at the beginning that have all tokens of another JSON text, which is valid; `nil` if this text does
  /// not begin with them.
  func countOfTokens(of other: Span<UInt8>) -> Int? { endOfTokens(of: other)?.end }

  private func endOfTokens(of other: Span<UInt8>) -> (end: Int, isInString: Bool)? {
    var (place, otherPlace) = (0, 0)
    var isInString = false
    while true {
      let end = place
      if !isInString {
        while place < count, JSONParser.isSpace(self[place]) { place += 1 }
        while otherPlace < other.count, JSONParser.isSpace(other[otherPlace]) { otherPlace += 1 }
      }
      guard otherPlace < other.count else { return (end, isInString) }
      guard place < count else { return nil }
      // Space in a number or a literal, as in `1 2`, would make two tokens of one.
      if place > end, end > 0, Self.isWord(self[end - 1]), Self.isWord(self[place]) { return nil }
      let byte = self[place]
      guard byte == other[otherPlace] else { return nil }
      place += 1
      otherPlace += 1
      if byte == UInt8(ascii: "\"") {
        isInString.toggle()
      } else if byte == UInt8(ascii: "\\") {
        // The next byte is escaped, and ends no string.
        guard place < count, otherPlace < other.count, self[place] == other[otherPlace] else { return nil }
        place += 1
        otherPlace += 1
      }
    }
  }

  /// Whether a byte outside of strings belongs to a number or a literal.
  private static func isWord(_ byte: UInt8) -> Bool {
    byte.isLetterOrDigit || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
  }
}
