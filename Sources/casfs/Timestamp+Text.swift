import CASPlatform

extension Timestamp {
  /// The time in whole seconds and UTC, by RFC 3339: `2026-01-31T23:59:59Z`.
  var text: String {
    let (days, second) = Self.divide(seconds, by: 86_400)
    // A year that begins in March ends with the leap day, so its months have a fixed pattern. A cycle is 400 years.
    let (cycle, dayOfCycle) = Self.divide(days + 719_468, by: 146_097)
    let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
    let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0)
    let time = [second / 3600, second / 60 % 60, second % 60].map { Self.pad($0, 2) }.joined(separator: ":")
    return "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(day, 2))T\(time)Z"
  }

  /// Euclidean division: the remainder is not negative.
  private static func divide(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  private static func pad(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
