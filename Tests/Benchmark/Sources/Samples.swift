/// The costs of one work, round by round.
struct Samples {
  /// The rounds in order.
  let values: [Double]
  /// The median.
  let median: Double
  /// The smallest and the largest cost.
  let range: ClosedRange<Double>

  /// Takes at least one value; without values, everything is 0.
  init(_ values: [Double]) {
    self.values = values
    let sorted = values.sorted()
    let middle = sorted.count / 2
    median =
      sorted.isEmpty ? 0 : sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    range = (sorted.first ?? 0)...(sorted.last ?? 0)
  }

  /// The ratios of both in each round, because a machine that is slow for a while is slow for both.
  func divided(by other: Samples) -> Samples {
    Samples(zip(values, other.values).map { $0 / $1 })
  }
}
