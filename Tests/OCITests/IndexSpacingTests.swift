import TestSupport
import Testing

@testable import OCI

/// Indexes that tools write with their own space between the tokens.
struct IndexSpacingTests {
  @Test("W2: entries with other space get the text that they have in the known index, and others keep theirs")
  func knownTexts() throws {
    let known = try IndexText(
      parsing: Array(#"{"manifests":[{"digest":"a","size":1}, {"digest":"b"},{"digest":"c"},7]}"#.utf8))
    let written = #"""
      { "annotations": { "x": "y" }, "manifests": [
        { "digest": "a", "size": 1 },
        { "digest": "b" },
        { "digest": "c", "size": 2 },
        7 ] , "z": [ 1 ] }
      """#
    let text = try IndexText(parsing: Array(written.utf8), spacedLike: known)
    let entries = text.items.indices.map { String(decoding: text.bytes(at: $0), as: UTF8.self) }
    #expect(entries == [#"{"digest":"a","size":1}"#, #"{"digest":"b"}"#, #"{ "digest": "c", "size": 2 }"#, "7"])
    #expect(try JSON(parsing: text.content) == JSON(parsing: Array(written.utf8)))
    #expect(text.annotations == [JSON.Member("x", .string("y"))])
    #expect(text[member: "z"] == .array([.number("1")]))
  }

  @Test(
    "W5, W2: space in a number or a literal of an entry is malformed, though a known entry has the other bytes",
    arguments: [#"{"digest":"a","size":1 2}"#, #"{"digest":"a","size":12"#, #"{"digest":"a","size":12}}"#])
  func malformed(_ entry: String) throws {
    let known = try IndexText(parsing: Array(#"{"manifests":[{"digest":"a","size":12}]}"#.utf8))
    let content = Array("{\"manifests\":[\(entry)]}".utf8)
    #expect(throws: InvalidValue.self) { try IndexText(parsing: content, spacedLike: known) }
  }

  @Test("W2: a write with other space has the changes of one with the space of the index", arguments: 0..<50)
  func merges(_ seed: Int) throws {
    var generator = SeededGenerator(UInt64(seed))
    var compared = 0
    for _ in 0..<20 {
      let base = VariedIndex.random(&generator)
      let (written, current) = (base.edited(&generator), base.edited(&generator))
      let texts = try [base, written, current].map { try $0.text() }
      for known in [texts[0], texts[2]] {
        let spaced = spaced(texts[1].content, &generator)
        let text = try IndexText(parsing: spaced, spacedLike: known)
        #expect(try JSON(parsing: text.content) == JSON(parsing: texts[1].content))
        // The places and hashes are those that a parse without a known index finds.
        let parsed = try IndexText(parsing: text.content)
        #expect(text.items.map(\.range) == parsed.items.map(\.range))
        #expect(text.items.map(\.hashes) == parsed.items.map(\.hashes))
        // Which one of several equal entries a writer changed, the space can tell.
        guard [base, written, current].allSatisfy({ Set($0.entries).count == $0.entries.count }) else { continue }
        compared += 1
        let merge = IndexMerge(try IndexChange(from: texts[0], to: text), to: texts[2])
        let expected = IndexMerge(try IndexChange(from: texts[0], to: texts[1]), to: texts[2])
        #expect(
          try JSON(parsing: merge.content) == JSON(parsing: expected.content), "\(base) -> \(written), \(current)")
        #expect(merge.conflicts == expected.conflicts)
      }
    }
    #expect(compared > 0)
  }

  /// JSON with random space between its tokens.
  private func spaced(_ content: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var result: [UInt8] = []
    var isInString = false
    for byte in content {
      if byte == UInt8(ascii: "\"") { isInString.toggle() }
      let isMark = ":,{}[]".utf8.contains(byte) && !isInString
      result.append(byte)
      if isMark, Bool.random(using: &generator) {
        result += [[0x20], [0x0A, 0x20], [0x09]].randomElement(using: &generator) ?? []
      }
    }
    return result
  }
}
