/// The target of casfs.
enum Target {
  /// At least this share of the speed of the baseline.
  case speed(Double)
  /// At most this multiple of the time of the baseline.
  case time(Double)
  /// At most this value.
  case value(Double)

  /// Its text in the report.
  func text(_ quantity: Quantity) -> String {
    switch self {
    case .speed(let share): "≥ \(Quantity.digits(share)) ×"
    case .time(let multiple): "≤ \(Quantity.digits(multiple)) ×"
    case .value(let value): "≤ \(quantity.text(value))"
    }
  }

  /// Whether it was reached.
  ///
  /// - Parameter ratio: of speeds for rates, of times otherwise.
  func isMet(value: Double, ratio: Double?) -> Bool {
    switch self {
    case .speed(let share): ratio.map { $0 >= share } ?? false
    case .time(let multiple): ratio.map { $0 <= multiple } ?? false
    case .value(let limit): value <= limit
    }
  }
}
