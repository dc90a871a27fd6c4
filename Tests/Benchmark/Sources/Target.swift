/// What casfs is meant to reach.
enum Target {
  /// At least this share of the speed of what it is compared with.
  case speed(Double)
  /// At most so many times as long as what it is compared with.
  case time(Double)
  /// At most this value.
  case value(Double)

  /// As it stands in the report.
  func text(_ quantity: Quantity) -> String {
    switch self {
    case .speed(let share): "≥ \(Quantity.digits(share)) ×"
    case .time(let multiple): "≤ \(Quantity.digits(multiple)) ×"
    case .value(let value): "≤ \(quantity.text(value))"
    }
  }

  /// Whether it was reached.
  ///
  /// - Parameter ratio: of the speeds where rates are shown, of the times otherwise.
  func isMet(value: Double, ratio: Double?) -> Bool {
    switch self {
    case .speed(let share): ratio.map { $0 >= share } ?? false
    case .time(let multiple): ratio.map { $0 <= multiple } ?? false
    case .value(let limit): value <= limit
    }
  }
}
