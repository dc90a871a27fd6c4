extension Int64 {
  /// Reads a number of bytes: a whole number, with `K`, `M`, `G` or `T` after it for units of 1024.
  ///
  /// - Returns: `nil` when it is none.
  package init?(byteCount text: String) {
    let units: [Character: Int64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
    let unit = text.last.flatMap { units[$0] }
    guard let count = Int64(unit == nil ? text[...] : text.dropLast()), count >= 0,
      case let (size, overflows) = count.multipliedReportingOverflow(by: unit ?? 1), !overflows
    else { return nil }
    self = size
  }
}
