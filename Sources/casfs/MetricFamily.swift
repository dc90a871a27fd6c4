/// A family of metrics in the text format of OpenMetrics 1.0.
struct MetricFamily {
  /// The type of the samples.
  enum Kind: String {
    case counter
    case gauge

    /// The ending that the name of each sample has.
    fileprivate var suffix: String { self == .counter ? "_total" : "" }
  }

  /// The last line of an exposition.
  static let end = "# EOF"

  /// A name with the letters, digits and `_` of the format. With a unit, it ends with that.
  let name: String
  let kind: Kind
  /// The base unit, such as `bytes`.
  let unit: String?
  let help: String
  private var samples: [String] = []

  init(_ name: String, _ kind: Kind, unit: String? = nil, help: String) {
    (self.name, self.kind, self.unit, self.help) = (name, kind, unit, help)
  }

  /// Adds a sample. No other sample of the family has the same labels.
  mutating func add(_ value: Int64, _ labels: [(name: String, value: String)]) {
    let list = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
    samples.append("\(name)\(kind.suffix){\(list)} \(value)")
  }

  /// Whether there is no sample.
  var isEmpty: Bool { samples.isEmpty }

  /// The lines, without a newline at the end.
  var text: String {
    let unitLine = unit.map { ["# UNIT \(name) \($0)"] } ?? []
    return (["# TYPE \(name) \(kind.rawValue)"] + unitLine + ["# HELP \(name) \(Self.escaped(help))"] + samples)
      .joined(separator: "\n")
  }

  /// A text with escapes for the three characters that cannot stand between quotes.
  private static func escaped(_ text: String) -> String {
    // A newline after a carriage return is not a character of its own.
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result.append(contentsOf: #"\\"#.unicodeScalars)
      case "\"": result.append(contentsOf: #"\""#.unicodeScalars)
      case "\n": result.append(contentsOf: #"\n"#.unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
