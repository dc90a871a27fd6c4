import TestSupport

@testable import OCI

/// An index for tests of entries that are nearly the same: entries `NAME=DIGIT`, `NAME=DIGIT/ARCHITECTURE` and
/// `NAME=DIGIT/ARCHITECTURE/NOTE`, each part possibly empty.
struct VariedIndex: CustomStringConvertible, Sendable {
  private static let noteKey = "note"
  var entries: [String]
  /// The members of the index beside its entries, as JSON.
  var members = ""

  init(_ entries: [String]) {
    self.entries = entries
  }

  init(_ text: String) {
    entries = text.split(separator: " ").map(String.init)
  }

  init(_ text: IndexText) {
    entries = text.items.indices.map { (position) in
      let value = text.value(at: position)
      let annotations = value["annotations"]
      let name = annotations?[Descriptor.referenceNameKey]?.text ?? ""
      let lost = annotations?[IndexMerge.lostNameKey]?.text.map { "(\($0))" } ?? ""
      let parts = [value["platform"]?["architecture"]?.text ?? "", annotations?[Self.noteKey]?.text ?? ""]
      let more = parts[1].isEmpty ? parts[0].isEmpty ? "" : "/\(parts[0])" : "/\(parts[0])/\(parts[1])"
      return "\(name)=\(ShortIndex.digit(value["digest"]?.text ?? ""))\(more)\(lost)"
    }
  }

  /// A few random entries, some of them repeated.
  static func random(_ generator: inout SeededGenerator) -> VariedIndex {
    var index = VariedIndex([String]())
    for _ in 0..<Int.random(in: 0...5, using: &generator) {
      if Int.random(in: 0..<4, using: &generator) == 0, let entry = index.entries.randomElement(using: &generator) {
        index.entries.append(entry)
      } else {
        index.entries.append(randomEntry(&generator))
      }
    }
    return index
  }

  /// The index after one to three random edits.
  func edited(_ generator: inout SeededGenerator) -> VariedIndex {
    var result = self
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let place = Int.random(in: 0...result.entries.count, using: &generator)
      switch (Int.random(in: 0..<6, using: &generator), place < result.entries.count) {
      case (0, true): result.entries.remove(at: place)
      case (1, true):
        let parts = result.entries[place].split(separator: "/", omittingEmptySubsequences: false)
        let platform = parts.count > 1 ? parts[1] : ""
        result.entries[place] = "\(parts[0])/\(platform)/\(Int.random(in: 0...3, using: &generator))"
      case (2, true):
        let name = result.entries[place].split(separator: "/", omittingEmptySubsequences: false)[0]
        result.entries[place] = name + (["", "/amd64", "/arm64"].randomElement(using: &generator) ?? "")
      case (3, true): result.entries.insert(result.entries[place], at: 0)
      case (4, _): result.entries.shuffle(using: &generator)
      default: result.entries.insert(Self.randomEntry(&generator), at: place)
      }
    }
    return result
  }

  private static func randomEntry(_ generator: inout SeededGenerator) -> String {
    let name = ["", "", "t", "u"].randomElement(using: &generator) ?? ""
    let more = ["", "", "/amd64", "/arm64", "//x"].randomElement(using: &generator) ?? ""
    return "\(name)=\(Int.random(in: 1...3, using: &generator))\(more)"
  }

  /// The text of the index.
  func text() throws -> IndexText {
    let values = entries.map { (entry) in
      let parts = entry.split(separator: "/", omittingEmptySubsequences: false)
      let target = parts[0].split(separator: "=", omittingEmptySubsequences: false)
      let names = [(Descriptor.referenceNameKey, target[0]), (Self.noteKey, parts.count > 2 ? parts[2] : "")]
      let annotations = names.filter { !$0.1.isEmpty }.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
      let platform = parts.count > 1 && !parts[1].isEmpty ? ",\"platform\":{\"architecture\":\"\(parts[1])\"}" : ""
      return "{\"mediaType\":\"a/b\",\"digest\":\"\(ShortIndex.digest(String(target[1])))\",\"size\":7\(platform)"
        + (annotations.isEmpty ? "}" : ",\"annotations\":{\(annotations)}}")
    }
    return try IndexText(parsing: Array("{\"manifests\":[\(values.joined(separator: ","))]\(members)}".utf8))
  }

  var description: String { entries.joined(separator: " ") }
}
