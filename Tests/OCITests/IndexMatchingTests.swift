import TestSupport
import Testing

@testable import OCI

/// Merges of entries that share names and digests, and of equal ones.
@Suite("W2: entries that are nearly the same", .boundedInTime)
struct IndexMatchingTests {
  /// Returns the entries after a merge.
  private func merge(_ base: VariedIndex, _ written: VariedIndex, _ current: VariedIndex) throws -> [String] {
    let change = try IndexChange(from: base.text(), to: written.text())
    return VariedIndex(try IndexText(parsing: IndexMerge(change, to: current.text()).content)).entries
  }

  @Test(
    "W2: the entries of the only writer are stored, in its order",
    arguments: [
      // Entries without a name, and of one digest.
      ("=1 =1/arm64", "=1/arm64 =1"), ("=1 =1/arm64", "=1/arm64"), ("=1 =1/arm64", "=1"),
      ("=1 =1/arm64", "=1/amd64 =1/arm64"), ("=1 =1/arm64", "=1/amd64 =1/s390x"), ("=1", "=1 =1"), ("=1 =1", "=1"),
      ("t=1", "t=1 =1"), ("t=1", "t=1 =1//x"), ("t=1", "t=1 =1/arm64"), ("t=1 =1", "t=1"), ("", "=1 t=1 =1//x"),
      // Entries of one name and digest.
      ("t=1/amd64 t=1/arm64", "t=1/arm64"), ("t=1/amd64 t=1/arm64", "t=1/amd64"), ("t=1 t=1", "t=1"),
      ("t=1/amd64 t=1/arm64", "t=1/amd64/x t=1/arm64"), ("t=1 t=1//x", "t=1//y t=1//x"), ("t=1 t=1 t=2", "t=1 t=2"),
      ("t=1//x t=1//y", "t=1//v t=1//w"), ("t=1 t=1", "t=1//x t=1"),
      // Several entries of one name.
      ("t=1 t=2", "t=1 t=2 t=3"), ("t=1 t=2", "t=3 t=1 t=2"), ("t=1 t=2", "t=1 t=3"), ("t=1 t=2", "t=2 t=1"),
      ("t=1/amd64 t=2/arm64", "t=1/amd64 t=2/arm64 t=3/s390x"), ("t=1/amd64", "t=1/amd64 t=2/arm64"),
      ("t=1", "t=1 t=2 t=3"), ("", "t=1 t=2 t=3"),
      // Another order, and places of new entries.
      ("a=1 b=2 c=3", "c=3 b=2 a=1"), ("a=1 b=2", "c=3 a=1 b=2"), ("a=1 b=2", "b=2 d=4 a=1//x"),
    ])
  func alone(_ base: String, _ written: String) throws {
    #expect(try merge(VariedIndex(base), VariedIndex(written), VariedIndex(base)).joined(separator: " ") == written)
    // Beside an unrelated entry of another writer the entries are the same.
    let more = try merge(VariedIndex(base), VariedIndex(written), VariedIndex(base + " z=9"))
    #expect(more.sorted() == (VariedIndex(written).entries + ["z=9"]).sorted())
  }

  @Test(
    "W2: an added entry without a name is left out if another process has named one that says as much",
    arguments: [
      // skopeo moves c and keeps the old entry; meanwhile c became b.
      ("c=1//8", "=1//8 c=2", "b=1//8", "b=1//8 c=2"), ("c=1//8", "=1//8 c=2", "b=1//9", "=1//8 b=1//9 c=2"),
      // The other way round.
      ("", "b=1//8", "=1//8", "b=1//8"), ("", "b=1//9", "=1//8", "=1//8 b=1//9"),
    ])
  func saysNoMore(_ base: String, _ written: String, _ current: String, _ result: String) throws {
    let merged = try merge(VariedIndex(base), VariedIndex(written), VariedIndex(current))
    #expect(merged.sorted().joined(separator: " ") == result)
  }

  @Test("W2, W3: an entry that is written with other space is not changed, and takes no memory as a difference")
  func space() throws {
    let base = VariedIndex("a=1 b=2//x c=3/arm64 d=4 e=5 f=6")
    let text = try base.text()
    var written = VariedIndex("x=8 a=1 c=3/arm64 d=4//y e=5 g=7 h=9 f=6")
    let spaced = try IndexText(
      parsing: Array(String(decoding: written.text().content, as: UTF8.self).replacing(",\"", with: " ,\n \"").utf8))
    let change = try IndexChange(from: text, to: spaced)
    #expect(change.matching.rewritten.map(\.old) == [0, 2, 4, 5])
    #expect(change.matching.added == [0, 5, 6] && change.matching.removed == [1])
    #expect(change.difference.size < IndexText.Difference(from: text, to: spaced).size)
    let merged = try IndexText(parsing: IndexMerge(change, to: text).content)
    #expect(VariedIndex(merged).entries == written.entries)
    for (position, old) in [(1, 0), (2, 2), (4, 4), (7, 5)] {
      #expect(merged.bytes(at: position) == text.bytes(at: old), "the text of an entry that was not changed stays")
    }
    // The base of the next write is the text that the process wrote.
    written.entries.removeFirst()
    let back = text.applying([change.difference])
    let next = try IndexChange(from: back, to: written.text())
    #expect(VariedIndex(try IndexText(parsing: IndexMerge(next, to: merged).content)).entries == written.entries)
  }

  // With a comparison of each with each, this takes an hour.
  @Test("W2: many entries of one digest that a writer changed are stored in its order")
  func many() throws {
    let base = VariedIndex((0..<10_000).map { "=1//\($0)" })
    let written = VariedIndex((10_000..<20_000).reversed().map { "=1//\($0)" })
    #expect(try merge(base, written, base) == written.entries)
  }

  @Test(
    "W2: a second entry beside the only one of its name and platform is a move",
    arguments: [
      ("t=1", "t=1 t=2", "t=2"), ("t=1", "t=2 t=1", "t=2"), ("t=1", "t=1 t=1", "t=1"),
      ("t=1/amd64", "t=1/amd64 t=2/amd64", "t=2/amd64"), ("t=1/amd64", "t=1/amd64 t=2", "t=2"),
      ("t=1", "t=1 t=2/amd64", "t=2/amd64"), ("t=1 b=5", "t=1//x b=5 t=2", "b=5 t=2"),
      ("t=1", "t=1 t=1//x", "t=1//x"),
      ("t=1", "t=1//x t=1", "t=1//x"),
    ])
  func move(_ base: String, _ written: String, _ result: String) throws {
    #expect(try merge(VariedIndex(base), VariedIndex(written), VariedIndex(base)).joined(separator: " ") == result)
  }

  @Test(
    "W2: a change of one of several similar entries changes that one, whatever another writer did to others",
    arguments: [
      ("=1 =1/arm64", "=1/arm64 =1", "=1 =1/arm64 =1/s390x", "=1 =1/arm64 =1/s390x"),
      ("=1 =1/arm64", "=1", "=1//x =1/arm64", "=1//x"),
      ("t=1/amd64 t=1/arm64", "t=1/amd64/x t=1/arm64", "t=1/arm64 t=1/amd64 b=2", "t=1/arm64 t=1/amd64/x b=2"),
      ("t=1/amd64 t=1/arm64", "t=1/arm64", "t=1/amd64 b=2", "b=2"),
      ("t=1 t=1", "t=1", "t=1", "t=1"), ("=1 =1 =1", "=1 =1", "=1 =1", "=1 =1"),
      ("", "t=1/amd64", "t=1/arm64", "t=1/arm64 t=1/amd64"), ("", "=1/amd64", "=1/arm64", "=1/arm64 =1/amd64"),
      ("", "=1/amd64", "t=1/arm64", "t=1/arm64 =1/amd64"), ("", "=1", "t=1/arm64", "t=1/arm64"),
      ("", "t=1", "=1/arm64", "=1/arm64 t=1"), ("", "t=1//x", "t=1//y", "t=1//x"),
      ("t=1 t=2", "t=1 t=2 t=3", "t=1 t=2 t=4", "t=1 t=2 t=4 t=3"),
    ])
  func together(_ base: String, _ written: String, _ current: String, _ result: String) throws {
    let merged = try merge(VariedIndex(base), VariedIndex(written), VariedIndex(current))
    #expect(merged.joined(separator: " ") == result)
  }

  @Test("W2: random entries: a merge with no change of one side is the other side", arguments: 0..<20)
  func random(_ seed: Int) throws {
    var generator = SeededGenerator(UInt64(seed))
    for _ in 0..<100 {
      let base = VariedIndex.random(&generator)
      let written = base.edited(&generator)
      let step: Comment = "seed \(seed): \(base) -> \(written)"
      #expect(try merge(base, base, written) == written.entries, step)
      // A second entry of a name can be a move, which has tests of its own.
      if try !IndexChange(from: base.text(), to: written.text()).dropped.isEmpty { continue }
      #expect(try merge(base, written, base) == written.entries, step)
      #expect(try merge(base, written, written) == written.entries, step)
      let unrelated = VariedIndex(["z=9"] + base.entries + ["=8"])
      #expect(try merge(base, written, unrelated).sorted() == (written.entries + ["z=9", "=8"]).sorted(), step)
      var shuffled = base
      shuffled.entries.shuffle(using: &generator)
      #expect(try merge(base, written, shuffled).sorted() == written.entries.sorted(), "\(step), \(shuffled)")
    }
  }

  @Test("W2: each entry has one partner, and equal ones are found in any order", arguments: 0..<10)
  func matching(_ seed: Int) throws {
    var generator = SeededGenerator(UInt64(seed))
    for _ in 0..<100 {
      let (old, new) = (VariedIndex.random(&generator), VariedIndex.random(&generator))
      let matching = IndexMatching(try old.text(), try new.text())
      let partners = old.entries.indices.compactMap { matching.new(of: $0) }
      #expect(Set(partners).count == partners.count)
      #expect(matching.removed == old.entries.indices.filter { matching.new(of: $0) == nil })
      #expect(matching.added == new.entries.indices.filter { matching.old(of: $0) == nil })
      for position in new.entries.indices {
        if let place = matching.old(of: position) { #expect(matching.new(of: place) == position) }
      }
      let equal = old.entries.indices.count { (place) in
        matching.new(of: place).map { new.entries[$0] == old.entries[place] } ?? false
      }
      let counts = Dictionary(new.entries.map { ($0, 1) }, uniquingKeysWith: +)
      let expected = Dictionary(old.entries.map { ($0, 1) }, uniquingKeysWith: +).reduce(0) {
        $0 + min($1.value, counts[$1.key] ?? 0)
      }
      #expect(equal == expected, "\(old) -> \(new)")
      let shuffled = VariedIndex(old.entries.shuffled(using: &generator))
      #expect(IndexMatching(try old.text(), try shuffled.text()).isUnchanged)
    }
  }
}
