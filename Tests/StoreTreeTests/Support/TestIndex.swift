import CAS
import Foundation
import OCI
import Testing

@testable import StoreTree

/// The text of an index as a tool writes it. Entries are `NAME=DIGIT`; the blob of a digit is the digit.
struct TestIndex {
  var text: String

  init(text: some StringProtocol) {
    self.text = String(text)
  }

  init(_ entries: String) {
    text =
      "{\"schemaVersion\":2,\"manifests\":[\(entries.split(separator: " ").map { Self.entry($0) }.joined(separator: ","))]}"
  }

  func adding(_ entry: String) -> TestIndex {
    let end = text.range(of: "]", options: .backwards)
    guard let end else { return self }
    let separator = text[..<end.lowerBound].last == "[" ? "" : ","
    return TestIndex(text: text.replacingCharacters(in: end, with: "\(separator)\(Self.entry(entry[...]))]"))
  }

  func removing(_ entry: String) -> TestIndex {
    let value = Self.entry(entry[...])
    return TestIndex(
      text: text.replacingOccurrences(of: "\(value),", with: "").replacingOccurrences(of: ",\(value)", with: "")
        .replacingOccurrences(of: value, with: ""))
  }

  static func descriptor(_ digit: some StringProtocol) throws -> Descriptor {
    Descriptor(mediaType: "application/octet-stream", digest: try digest(String(digit)), size: Int64(digit.utf8.count))
  }

  private static func entry(_ entry: Substring) -> String {
    let parts = entry.split(separator: "=", omittingEmptySubsequences: false)
    guard let descriptor = try? descriptor(parts[1]) else { return "" }
    let json = String(decoding: descriptor.json.serialized.dropLast(), as: UTF8.self)
    let name = "\"\(Descriptor.referenceNameKey)\":\"\(parts[0])\""
    return json + (parts[0].isEmpty ? "}" : ",\"annotations\":{\(name)}}")
  }
}

extension TestTree {
  /// Tags as another process does, not through the tree.
  func tag(_ entry: String) throws {
    let parts = entry.split(separator: "=")
    _ = try put(String(parts[1]))
    try engine.putReference(
      TestIndex.descriptor(parts[1]), named: ReferenceName(String(parts[0])), replacing: true, cancellation: .none)
    tree.shared.references.refresh()
  }

  /// The entries of the store's index: `NAME=DIGIT`, and `=DIGIT(NAME)` for one that lost a name.
  func tags() throws -> String {
    guard case .array(let entries)? = try JSON(parsing: engine.index().content)["manifests"] else { return "" }
    return try entries.map { entry in
      let name = entry["annotations"]?[Descriptor.referenceNameKey]?.text ?? ""
      let lost = entry["annotations"]?[IndexMerge.lostNameKey]?.text.map { "(\($0))" } ?? ""
      let digit = try (0...9).first { try digest("\($0)").description == entry["digest"]?.text }
      return "\(name)=\(digit.map(String.init) ?? "?")\(lost)"
    }.joined(separator: " ")
  }

  /// Reads `index.json` as a process.
  func readIndex(by caller: Int32) throws -> TestIndex {
    let file = try open("index.json", by: caller)
    defer { try? release(file) }
    return TestIndex(text: try read(file))
  }

  /// Writes `index.json`: truncated and written, or written beside it and renamed.
  func writeIndex(_ index: TestIndex, inPlace: Bool = true, by caller: Int32 = .opener) throws {
    let scratch = "index.json.1.tmp"
    let file =
      if inPlace { try open("index.json", writing: true, truncating: true, by: caller) } else {
        try create(scratch, by: caller)
      }
    defer { try? release(file) }
    do {
      try write(file, index.text)
      try close(file, by: caller)
    } catch {
      processes.addDescriptors(-1, of: processes.process(ofThread: caller).number, inode: file.inode)
      throw error
    }
    if !inPlace { try rename(scratch, to: "index.json") }
  }
}
