import TestSupport
import Testing

@testable import OCI

/// The entries of an index that are found without making values of them.
@Suite struct IndexTextTests {
  private static let digest = ShortIndex.digest("1")

  @Test(
    "D6, W2: an entry of any form is found where the parser finds it, with the hashes of its name and digest",
    arguments: [
      #"{"digest":"D","size":7}"#, #"{ "size" : 0 , "digest" : "D" }"#, #"{"digest":"D","size":-1.5e3}"#,
      #"{"digest":"\u0044"}"#, #"{"digest":"D","annotations":{"org.opencontainers.image.ref.name":"a\/b"}}"#,
      #"{"digest":"D","annotations":{"org.opencontainers.image.ref.name":"a","io.containerd.image.name":"x/a"}}"#,
      #"{"digest":"D","annotations":{"io.containerd.image.name":"x/a","q":[1,{"x":"y"},[]]},"urls":["u","v"]}"#,
      #"{"digest":"D","annotations":null}"#, #"{"digest":"D","annotations":{}}"#, #"{"digest":7}"#, "{}", "7", "[]",
      #"{"digest":"D","annotations":{"org.opencontainers.image.ref.name":7}}"#, #"{"digest":"é","x":true}"#,
      #"{"x":{"digest":"E","annotations":{"org.opencontainers.image.ref.name":"n"}},"digest":"D"}"#,
    ])
  func forms(_ entry: String) throws {
    let before = #"{"manifests":[{"digest":"C"} , "#
    let content = Array("\(before)\(entry)\n,{\"digest\":\"E\"}]}".utf8)
    let text = try IndexText(parsing: content)
    let end = before.utf8.count + entry.utf8.count
    #expect(text.items.map(\.range) == [14..<28, before.utf8.count..<end, end + 2..<end + 16])
    #expect(text.items[1].hashes == IndexEntryScanner.hashes(of: IndexEntryKey(text.value(at: 1))))
    // Beside a known index it is the same, whatever that has.
    for known in [content, Array(#"{"manifests":[{"digest":"C"},{"digest":"E"}]}"#.utf8), Array("{}".utf8)] {
      let other = try IndexText(parsing: content, like: IndexText(parsing: known))
      #expect(other.items.map(\.range) == text.items.map(\.range))
      #expect(other.items.map(\.hashes) == text.items.map(\.hashes))
    }
  }

  @Test(
    "D6: the names of an entry, and whether it is a descriptor, are those that its value has",
    arguments: [
      #"{"mediaType":"a/b","digest":"D","size":7,"annotations":{"R":"a"}}"#,
      #"{"mediaType":"a/b","digest":"D","size":7,"annotations":{"R":"a","I":"x/a:b"}}"#,
      #"{"mediaType":"a/b","digest":"D","size":7,"annotations":{"R":"a/../b","I":"x"}}"#,
      #"{"mediaType":"a/b","digest":"D","size":7,"annotations":{"R":"\u0061"}}"#,
      #"{"mediaType":"a/b","digest":"D","size":7,"annotations":{"R":"a","x":null}}"#,
      #"{"mediaType":"a/b","digest":"D","size":7,"annotations":{"R":"a","x":7}}"#,
      #"{"mediaType":"a/b","digest":"D","size":7,"annotations":{"R":"a","x":{}}}"#,
      #"{"mediaType":"","digest":"D","size":7,"annotations":{"R":"a"}}"#,
      #"{"digest":"D","size":7,"annotations":{"R":"a"}}"#, #"{"mediaType":"a/b","digest":"D","annotations":{"R":"a"}}"#,
      #"{"mediaType":"a/b","digest":"D","size":7.5,"annotations":{"R":"a"}}"#,
      #"{"mediaType":"a/b","digest":"D","size":-7,"annotations":{"R":"a"}}"#,
      #"{"mediaType":"a/b","digest":"D","size":"7","annotations":{"R":"a"}}"#,
      #"{"mediaType":"a/b","digest":"D","size":9223372036854775807,"annotations":{"R":"a"}}"#,
      #"{"mediaType":"a/b","digest":"D","size":9223372036854775808,"annotations":{"R":"a"}}"#,
      #"{"mediaType":"a/b","digest":"sha256:D","size":7,"annotations":{"R":"a"}}"#,
      #"{"mediaType":"a/b","digest":"sha1:D","size":7,"annotations":{"R":"a"}}"#,
      #"{"mediaType":"a/b","digest":"D","size":7,"annotations":"R"}"#,
      #"{"mediaType":7,"digest":"D","size":7,"annotations":{"R":"a"}}"#,
    ])
  func names(_ form: String) throws {
    let entry = form.replacing("\"D\"", with: "\"\(Self.digest)\"").replacing(
      "\"R\":", with: "\"\(Descriptor.referenceNameKey)\":"
    )
    .replacing("\"I\":", with: "\"\(Descriptor.imageNameKey)\":")
    let index = try ImageIndex(parsing: Array("{\"manifests\":[\(entry)]}".utf8))
    let value = index.entries[0]
    #expect(index.namedEntries.map(\.name) == [value.name, value.imageName].compactMap(\.self))
    let isDescriptor = (try? value.descriptor.get()) != nil
    #expect(index.namedEntries.allSatisfy { $0.isDescriptor == isDescriptor })
    for name in [value.name, value.imageName].compactMap(\.self) { #expect(index.entry(named: name) != nil) }
  }

  @Test(
    "D6: a malformed entry is refused",
    arguments: [
      #"{"digest":"D","digest":"D"}"#, #"{"digest":"D",}"#, #"{"digest":"D""#, #"{"digest":"\u{1}"}"#, #"{"a":01}"#,
      #"{"a":tru}"#, #"{"a" 1}"#, #"{a:1}"#, "", #"{"a":[1,]}"#, #"{"annotations":{"a":1,"a":2},"digest":"D"}"#,
    ])
  func malformed(_ entry: String) {
    let content = Array("{\"manifests\":[{\"digest\":\"C\"},\(entry),{\"digest\":\"E\"}]}".utf8)
    #expect(throws: InvalidValue.self) { try IndexText(parsing: content) }
    let known = try? IndexText(parsing: Array(#"{"manifests":[{"digest":"C"},{"digest":"E"}]}"#.utf8))
    #expect(throws: InvalidValue.self) { try IndexText(parsing: content, like: known) }
  }

  @Test("W2: a text that was parsed beside a known one has the same changes", arguments: 0..<20)
  func texts(_ seed: Int) throws {
    var generator = SeededGenerator(UInt64(seed))
    func random(_ count: Int) -> ShortIndex {
      let entries = (0..<count).map { _ -> String in
        let digit = Int.random(in: 1...9, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return "=\(digit)"
        case 1: return "n\(digit % 3)|i\(digit % 2)=\(digit)"
        default: return "n\(Int.random(in: 0...5, using: &generator))=\(digit)"
        }
      }
      return ShortIndex(entries.joined(separator: " "))
    }
    func changed(_ index: ShortIndex) -> ShortIndex {
      var entries = index.entries
      for _ in 0..<Int.random(in: 0...2, using: &generator) where !entries.isEmpty {
        entries.remove(at: Int.random(in: 0..<entries.count, using: &generator))
      }
      entries.insert(
        contentsOf: random(Int.random(in: 0...2, using: &generator)).entries,
        at: Int.random(in: 0...entries.count, using: &generator))
      if Bool.random(using: &generator) { entries.shuffle(using: &generator) }
      return ShortIndex(entries.joined(separator: " "))
    }
    for _ in 0..<50 {
      let base = random(Int.random(in: 0...8, using: &generator))
      let (written, current) = (changed(base), changed(base))
      let texts = try [base, written, current].map { try IndexText(parsing: $0.text) }
      let similar = try IndexText(parsing: written.text, like: texts[0])
      let merge = IndexMerge(try IndexChange(from: texts[0], to: texts[1]), to: texts[2])
      let other = IndexMerge(try IndexChange(from: texts[0], to: similar), to: texts[2])
      #expect(other.content == merge.content, "\(base) -> \(written), \(current)")
      #expect(other.conflicts == merge.conflicts)
      let there = IndexText.Difference(from: texts[0], to: texts[1])
      let back = IndexText.Difference(from: texts[1], to: texts[2])
      #expect(entries(texts[0].applying([there, back])) == entries(texts[2]))
    }
  }

  private func entries(_ text: IndexText) -> [String] {
    text.items.indices.map { String(decoding: text.bytes(at: $0), as: UTF8.self) }.sorted()
  }
}
