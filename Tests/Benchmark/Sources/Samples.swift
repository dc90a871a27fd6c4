/// What the same work took, round by round.
struct Samples {
  /// The rounds in their order.
  let values: [Double]
  /// The middle one.
  let median: Double
  /// The smallest and the largest one.
  let range: ClosedRange<Double>

  /// Takes at least one value; of none, everything is 0.
  init(_ values: [Double]) {
    self.values = values
    let sorted = values.sorted()
    let middle = sorted.count / 2
    median =
      sorted.isEmpty ? 0 : sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    range = (sorted.first ?? 0)...(sorted.last ?? 0)
  }

  /// Each round's value in relation to another's of the same round: a machine that is slow for a while is so for both.
  func divided(by other: Samples) -> Samples {
    Samples(zip(values, other.values).map { $0 / $1 })
  }
}
