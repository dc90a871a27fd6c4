import Glibc

/// The report: a table in Markdown, each row printed as soon as it is measured.
struct Report {
  private static let heads = ["Work", "Compared with", "casfs", "Ratio", "Target", "Met", "Others"]

  /// Prints the title and head of the table.
  static func begin(_ title: String) {
    print(title)
    print("")
    printRow(heads)
    printRow(heads.map { _ in "---" })
  }

  /// Prints a row.
  static func add(_ comparison: Comparison, _ results: Results) {
    guard let subject = results.subjects.first else { return }
    let quantity = comparison.quantity
    let ratio = results.baseline.map {
      quantity.isRate ? $0.divided(by: subject.samples) : subject.samples.divided(by: $0)
    }
    let met = comparison.target.map { $0.isMet(value: subject.samples.median, ratio: ratio?.median) ? "yes" : "no" }
    printRow([
      comparison.work, list(results.baselines, quantity), quantity.text(subject.samples),
      ratio.map(Self.text) ?? "", comparison.target?.text(quantity) ?? "", met ?? "",
      list(Array(results.subjects.dropFirst()) + results.peers, quantity),
    ])
  }

  /// Prints the omitted peers.
  static func end(leftOut notes: [String]) {
    for note in notes { print("\nLeft out: \(note)") }
    print("")
    fflush(nil)
  }

  private static func list(_ contenders: [(name: String, samples: Samples)], _ quantity: Quantity) -> String {
    contenders.map { "\($0.name) \(quantity.text($0.samples))" }.joined(separator: "; ")
  }

  private static func text(_ ratio: Samples) -> String {
    let (median, low, high) = (ratio.median, ratio.range.lowerBound, ratio.range.upperBound)
    let spread = ratio.values.count > 1 ? " (\(Quantity.digits(low))..\(Quantity.digits(high)))" : ""
    return "\(Quantity.digits(median)) ×\(spread)"
  }

  private static func printRow(_ cells: [String]) {
    print("| \(cells.joined(separator: " | ")) |")
    // Immediately, also into a file or a pipe.
    fflush(nil)
  }
}
