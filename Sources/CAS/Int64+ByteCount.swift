extension Int64 {
  /// Parses a number of bytes: a whole number, optionally followed by `K`, `M`, `G` or `T`, which are powers of 1024.
  ///
  /// - Returns: `nil` if the text is anything else, negative or too large.
  package init?(byteCount text: String) {
    let units: [Character: Int64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
    let unit = text.last.flatMap { units[$0] }
    guard let count = Int64(unit == nil ? text[...] : text.dropLast()), count >= 0,
      case let (size, overflows) = count.multipliedReportingOverflow(by: unit ?? 1), !overflows
    else { return nil }
    self = size
  }

  /// Returns the sum, or `Int64.max` on overflow: sizes in a store are input, and may be any number.
  func addingSaturating(_ size: Int64) -> Int64 {
    let (sum, isTooLarge) = addingReportingOverflow(size)
    return isTooLarge ? .max : sum
  }
}
