import TestSupport
import Testing

@testable import OCI

/// The names of an index after a change of few entries.
@Suite
struct NameChangesTests {
  private func index(_ entries: [String]) throws -> ImageIndex {
    try ImageIndex(parsing: ShortIndex(entries.joined(separator: " ")).text)
  }

  private func text(_ named: [ImageIndex.NamedEntry]) -> [String] {
    named.map { "\($0.name) \($0.position) \($0.isDescriptor) \($0.isListed)" }.sorted()
  }

  /// The named entries after a change; `nil` if all are to be read anew.
  private func named(from old: ImageIndex, to new: ImageIndex) -> (named: [ImageIndex.NamedEntry], unnamed: [Int])? {
    let before = old.namedEntries
    guard let changes = ImageIndex.NameChanges(from: old, unnamed: old.positions(without: before), to: new) else {
      return nil
    }
    let changed = Set(changes.names.map(\.name))
    let kept = before.filter { !changed.contains($0.name) }.map { (entry) in
      ImageIndex.NamedEntry(
        name: entry.name, position: changes.newPosition(of: entry.position) ?? -1, isDescriptor: entry.isDescriptor,
        isListed: entry.isListed)
    }
    return (kept + changes.names.compactMap(\.entry), changes.unnamed)
  }

  @Test("G2: names that a change leaves or makes are those of the whole index", arguments: 0..<20)
  func random(_ seed: Int) throws {
    var generator = SeededGenerator(UInt64(seed))
    func entry() -> String {
      // An entry with a digest that is not a hexadecimal number is not a descriptor.
      let name = ["", "n\(Int.random(in: 0...5, using: &generator))", "../n"].randomElement(using: &generator) ?? ""
      let digit = ["1", "2", "3", "x"].randomElement(using: &generator) ?? ""
      return "\(name)=\(digit)"
    }
    for _ in 0..<100 {
      let entries = (0..<Int.random(in: 0...12, using: &generator)).map { _ in entry() }
      var changed = entries
      for _ in 0..<Int.random(in: 0...3, using: &generator) {
        let place = Int.random(in: 0...changed.count, using: &generator)
        switch Int.random(in: 0...3, using: &generator) {
        case 0 where place < changed.count: changed.remove(at: place)
        case 1 where place < changed.count: changed[place] = entry()
        case 2: changed.shuffle(using: &generator)
        default: changed.insert(entry(), at: place)
        }
      }
      let (old, new) = (try index(entries), try index(changed))
      let result = try #require(named(from: old, to: new))
      #expect(text(result.named) == text(new.namedEntries), "\(entries) -> \(changed)")
      #expect(result.unnamed == new.positions(without: new.namedEntries), "\(entries) -> \(changed)")
    }
  }

  @Test("G2: all names are read anew where one has a whole name, and after many changes")
  func limits() throws {
    let (old, whole) = (try index(["a=1"]), try index(["a|b=1"]))
    #expect(named(from: old, to: whole) == nil && named(from: whole, to: old) == nil)
    let many = try index((0..<1001).map { "n\($0)=1" })
    #expect(named(from: old, to: many) == nil && named(from: many, to: old) == nil)
    // Very many entries of a name that changed.
    let repeated = Array(repeating: "n=1", count: 1000)
    #expect(try named(from: index(repeated), to: index(repeated + ["n=2"])) == nil)
    #expect(try named(from: index(repeated), to: index(repeated + ["o=2"])) != nil)
  }
}
