import TestSupport
import Testing

@testable import OCI

/// The search for an entry that says all that another one says.
@Suite struct CoveringEntriesTests {
  private func entries(_ annotations: [[String: String]], mediaType: String = "a/b") throws -> [IndexEntry] {
    let digest = "sha256:" + String(repeating: "0", count: 64)
    let texts = annotations.map { (annotations) in
      let members = annotations.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }
      return
        "{\"mediaType\":\"\(mediaType)\",\"digest\":\"\(digest)\",\"size\":1,\"annotations\":{\(members.joined(separator: ","))}}"
    }
    let text = try IndexText(parsing: Array("{\"manifests\":[\(texts.joined(separator: ","))]}".utf8))
    return text.items.indices.map { IndexEntry(text, $0) }
  }

  @Test("W2: the number of comparisons grows with the number of entries, and not with its square")
  func comparisons() throws {
    let count = 1000
    // Each bit of a number is an annotation, which half of the entries have.
    func bits(_ number: Int) -> [String: String] {
      Dictionary(uniqueKeysWithValues: (0..<10).map { ("bit-\($0)", "\(number >> $0 & 1)") })
    }
    let named = try entries((0..<count).map { bits($0).merging(["n": "\($0)"]) { (own, _) in own } })
    var covering = CoveringEntries(named)
    for entry in try entries((0..<count).map { bits($0).merging(["other": "\($0)"]) { (own, _) in own } }) {
      let isCovered = covering.cover(entry)
      #expect(!isCovered)
    }
    #expect(covering.comparisons == 0, "no entry has the rarest annotation")
    for entry in try entries((0..<count).map { ["n": "\($0)", "bit-0": "\($0 & 1)"] }) {
      let isCovered = covering.cover(entry)
      #expect(isCovered)
    }
    #expect(covering.comparisons == count)
    for entry in try entries((0..<count).map { bits($0) }) { _ = covering.cover(entry) }
    #expect(covering.comparisons <= count * (1 + CoveringEntries.maximumComparisons))
  }

  @Test("W2: an entry is found among a few as by a comparison with each", arguments: 0..<20 as Range<UInt64>)
  func equivalence(_ seed: UInt64) throws {
    var random = SeededGenerator(seed)
    func some(_ count: Int) throws -> [IndexEntry] {
      let annotations = (0..<count).map { _ in
        Dictionary(
          ["x", "y", "z", IndexMerge.lostNameKey].filter { _ in Bool.random(using: &random) }
            .map { ($0, ["", "1", "2"].randomElement(using: &random) ?? "") }
        ) { (first, _) in first }
      }
      return try entries(annotations, mediaType: Bool.random(using: &random) ? "a/b" : "c/d")
    }
    let named = try some(8) + some(8)
    var covering = CoveringEntries(named)
    for entry in try some(30) {
      let isCovered = covering.cover(entry)
      #expect(isCovered == named.contains(where: entry.saysNoMore))
    }
  }
}
