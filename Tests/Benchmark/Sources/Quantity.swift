/// The meaning of a comparison's numbers, and their format.
enum Quantity {
  /// Seconds, shown as the rate for this number of bytes.
  case rate(bytes: Int)
  /// Seconds for this number of operations, shown as the time of one.
  case operations(Int)
  /// Seconds.
  case time
  /// Bytes.
  case memory
  /// A number of things, of which fewer are better.
  case count

  /// Whether a larger shown number is better.
  var isRate: Bool {
    if case .rate = self { true } else { false }
  }

  /// The median with the smallest and the largest value.
  func text(_ samples: Samples) -> String {
    let ends = [samples.range.lowerBound, samples.range.upperBound].map(shown).sorted()
    let median = shown(samples.median)
    let unit = unit(of: median)
    let numbers = ([median] + ends).map { Self.digits($0 / unit.size) }
    let spread = samples.values.count > 1 ? " (\(numbers[1])..\(numbers[2]))" : ""
    return "\(numbers[0]) \(unit.name)\(spread)"
  }

  /// One value.
  func text(_ value: Double) -> String {
    text(Samples([value]))
  }

  /// A number with three significant digits, or all digits before the point.
  static func digits(_ value: Double) -> String {
    let places = value >= 100 ? 0 : value >= 10 ? 1 : 2
    let scale = [1, 10, 100][places]
    let scaled = Int((value * Double(scale)).rounded())
    guard places > 0 else { return String(scaled) }
    let fraction = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
  }

  /// The shown number of a measured value, without a unit.
  private func shown(_ value: Double) -> Double {
    switch self {
    case .rate(let bytes): Double(bytes) / value
    case .operations(let count): value / Double(count)
    case .time, .memory, .count: value
    }
  }

  private func unit(of shown: Double) -> (name: String, size: Double) {
    switch self {
    case .rate: shown < 1e9 ? ("MB/s", 1e6) : ("GB/s", 1e9)
    case .memory: ("MiB", 1_048_576)
    case .count: ("", 1)
    case .operations, .time: shown < 1e-3 ? ("µs", 1e-6) : shown < 1 ? ("ms", 1e-3) : ("s", 1)
    }
  }
}
