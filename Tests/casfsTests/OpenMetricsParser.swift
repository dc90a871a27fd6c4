import TestSupport

/// A strict parser of the OpenMetrics text format, for gauges and counters without timestamps and exemplars.
struct OpenMetricsParser {
  /// A sample of a family.
  struct Sample {
    var family: String
    var labels: [String: String]
    var value: Double
  }

  private(set) var samples: [Sample] = []
  /// The types of the families.
  private(set) var types: [String: String] = [:]
  private(set) var units: [String: String] = [:]
  private var helps: Set<String> = []
  private var family = ""
  private var seen: Set<String> = []

  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw TestFailure("no newline at the end") }
    var lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.popLast() == "# EOF" else { throw TestFailure("no # EOF at the end") }
    for line in lines {
      do {
        if line.hasPrefix("# ") { try metadata(line) } else { try sample(line) }
      } catch {
        throw TestFailure("\(line): \(error)")
      }
    }
    for name in types.keys {
      if let unit = units[name], !name.hasSuffix("_\(unit)") { throw TestFailure("\(name) lacks its unit") }
      guard helps.contains(name) else { throw TestFailure("\(name) has no help") }
    }
  }

  private mutating func metadata(_ line: Substring) throws {
    let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4 else { throw TestFailure("malformed metadata") }
    let (name, value) = (String(parts[2]), String(parts[3]))
    guard name.wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil else { throw TestFailure("malformed name") }
    if name != family {
      // The lines of a family are together.
      guard seen.insert(name).inserted else { throw TestFailure("interleaved family") }
      family = name
    }
    guard !samples.contains(where: { $0.family == name }) else { throw TestFailure("metadata after a sample") }
    switch parts[1] {
    case "TYPE":
      guard ["gauge", "counter"].contains(value), types.updateValue(value, forKey: name) == nil else {
        throw TestFailure("bad or repeated type")
      }
    case "UNIT": guard units.updateValue(value, forKey: name) == nil else { throw TestFailure("repeated unit") }
    case "HELP":
      guard helps.insert(name).inserted else { throw TestFailure("repeated help") }
      _ = try Self.unescaped(value)
    default: throw TestFailure("unknown metadata")
    }
  }

  private mutating func sample(_ line: Substring) throws {
    guard let match = line.wholeMatch(of: /([a-z_]+)(?:\{(.*)\})? (-?[0-9.]+)/) else {
      throw TestFailure("malformed sample")
    }
    guard String(match.1) == family + (types[family] == "counter" ? "_total" : "") else {
      throw TestFailure("not a sample of \(family)")
    }
    let labels = try match.2.map { try Self.labels($0) } ?? [:]
    guard let value = Double(match.3), !samples.contains(where: { $0.family == family && $0.labels == labels }) else {
      throw TestFailure("bad value or repeated sample")
    }
    samples.append(Sample(family: family, labels: labels, value: value))
  }

  private static func labels(_ text: Substring) throws -> [String: String] {
    var labels: [String: String] = [:]
    var rest = text
    while !rest.isEmpty {
      guard let match = rest.prefixMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(,(?=.)|$)/) else {
        throw TestFailure("malformed labels")
      }
      guard labels.updateValue(try unescaped(String(match.2)), forKey: String(match.1)) == nil else {
        throw TestFailure("repeated label")
      }
      rest = rest[match.range.upperBound...]
    }
    return labels
  }

  private static func unescaped(_ text: String) throws -> String {
    var result = String.UnicodeScalarView()
    var scalars = text.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      guard scalar == "\\" else {
        result.append(scalar)
        continue
      }
      switch scalars.next() {
      case "\\": result.append("\\")
      case "\"": result.append("\"")
      case "n": result.append("\n")
      default: throw TestFailure("unknown escape")
      }
    }
    return String(result)
  }

  /// The value of a family for a directory; `nil` without such a sample.
  func value(_ family: String, _ directory: String) -> Double? {
    samples.first { $0.family == family && $0.labels["directory"] == directory }?.value
  }
}
