extension Span<UInt8> {
  /// Whether this JSON text and another one have the same tokens, so that they differ by the space between these at most.
  func hasTokens(of other: Span<UInt8>) -> Bool {
    var (place, otherPlace) = (0, 0)
    var isInString = false
    while true {
      if !isInString {
        while place < count, JSONParser.isSpace(self[place]) { place += 1 }
        while otherPlace < other.count, JSONParser.isSpace(other[otherPlace]) { otherPlace += 1 }
      }
      guard place < count, otherPlace < other.count else { return place == count && otherPlace == other.count }
      let byte = self[place]
      guard byte == other[otherPlace] else { return false }
      place += 1
      otherPlace += 1
      if byte == UInt8(ascii: "\"") {
        isInString.toggle()
      } else if byte == UInt8(ascii: "\\") {
        // The next byte is escaped, and ends no string.
        guard place < count, otherPlace < other.count, self[place] == other[otherPlace] else { return false }
        place += 1
        otherPlace += 1
      }
    }
  }
}
