import OCI
import Testing

/// An index in a short form for tests: entries `NAME=DIGIT` or `NAME|IMAGE=DIGIT`, `=DIGIT` without a name, and
/// `=DIGIT(NAME)` for one that lost a name.
struct ShortIndex: Equatable, CustomStringConvertible {
  var entries: [String]

  init(_ text: String) {
    entries = text.split(separator: " ").map(String.init)
  }

  init(_ index: ImageIndex) throws {
    guard case .array(let values)? = try JSON(parsing: index.content)["manifests"] else {
      entries = []
      return
    }
    entries = values.map { value in
      let annotations = value["annotations"]
      let name = annotations?[Descriptor.referenceNameKey]?.text ?? ""
      let image = annotations?[Descriptor.imageNameKey]?.text.map { "|\($0)" } ?? ""
      let lost = annotations?[IndexMerge.lostNameKey]?.text.map { "(\($0))" } ?? ""
      return "\(name)\(image)=\(Self.digit(value["digest"]?.text ?? ""))\(lost)"
    }
  }

  /// The entries with a name.
  var names: [String] { entries.filter { !$0.hasPrefix("=") } }

  /// The bytes of the index.
  var text: [UInt8] {
    let values = entries.map { entry in
      let parts = entry.split(separator: "=", omittingEmptySubsequences: false)
      let target = parts[1].split(separator: "(")
      let names = parts[0].split(separator: "|")
      var annotations: [String] = []
      if names.count > 0 { annotations.append("\"\(Descriptor.referenceNameKey)\":\"\(names[0])\"") }
      if names.count > 1 { annotations.append("\"\(Descriptor.imageNameKey)\":\"\(names[1])\"") }
      if target.count > 1 { annotations.append("\"\(IndexMerge.lostNameKey)\":\"\(target[1].dropLast())\"") }
      let more = annotations.isEmpty ? "" : ",\"annotations\":{\(annotations.joined(separator: ","))}"
      return "{\"mediaType\":\"a/b\",\"digest\":\"\(Self.digest(String(target[0])))\",\"size\":7\(more)}"
    }
    return Array("{\"schemaVersion\":2,\"manifests\":[\(values.joined(separator: ","))]}".utf8)
  }

  var description: String { entries.joined(separator: " ") }

  static func digest(_ digit: String) -> String {
    "sha256:" + String(repeating: "0", count: 64 - digit.count) + digit
  }

  static func digit(_ digest: String) -> String {
    String(digest.dropFirst(7).drop { $0 == "0" })
  }
}

/// A row of the table of merges.
struct MergeCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let base: ShortIndex?
  let written: ShortIndex
  let current: ShortIndex
  let result: ShortIndex
  let conflicts: [String]

  init(_ name: String, base: String?, written: String, current: String, result: String, conflicts: [String] = []) {
    testDescription = name
    self.base = base.map(ShortIndex.init)
    self.written = ShortIndex(written)
    self.current = ShortIndex(current)
    self.result = ShortIndex(result)
    self.conflicts = conflicts
  }
}
