import OCI
import TestSupport
import Testing

/// Writers of one index, each as a tool works, in any interleaving of their reads and writes.
@Suite("W2: random writers of one index")
struct IndexMergeModelTests {
  /// A version as the store serves it.
  private struct Served {
    var version: UInt64
    var index: ShortIndex
  }

  /// The index of a mount, and the changes that it acknowledged.
  private struct Store {
    var index = ShortIndex("")
    var versions: [ShortIndex] = [ShortIndex("")]
    /// The digest of each name by the last acknowledged change.
    var expected: [String: String] = [:]
    /// Digests that lost a name to another writer, and that no writer dropped.
    var lost: Set<String> = []

    mutating func write(_ written: ShortIndex, from base: ShortIndex?, _ step: Comment) throws {
      let change = try IndexChange(
        from: try base.map { try IndexText(parsing: $0.text) },
        to: try IndexText(parsing: written.text))
      let merge = IndexMerge(change, to: try ImageIndex(parsing: index.text))
      let before = index
      index = try ShortIndex(ImageIndex(parsing: merge.content))
      versions.append(index)
      for (name, digest) in changes(from: base, to: written) {
        if let digest {
          let old = expected[name]
          let isConflict = old != nil && old != digest && !(base?.has(name, old) ?? false)
          #expect(
            merge.conflicts.contains { $0.name == name } == isConflict,
            "\(step): \(before) + \(base as Any) -> \(written)")
          if isConflict, let old { lost.insert(old) }
          expected[name] = digest
        } else if base?.has(name, expected[name]) ?? false {
          expected[name] = nil
        }
      }
      // A writer may drop what it read.
      for entry in base?.entries ?? [] where entry.hasPrefix("=") && !written.entries.contains(entry) {
        lost.remove(ShortIndex.target(of: entry))
      }
      // A digest that has a name again can lose it as any other.
      lost.subtract(index.names.map(ShortIndex.target))
      check("\(step): \(before) + \(base as Any) -> \(written)")
    }

    private func changes(from base: ShortIndex?, to written: ShortIndex) -> [(String, String?)] {
      let old = base?.mapping ?? [:]
      let new = written.mapping
      var result: [(String, String?)] = []
      for (name, digests) in new where Set(digests) != Set(old[name] ?? []) {
        result.append((name, digests.last { !(old[name] ?? []).contains($0) } ?? digests[0]))
      }
      for name in old.keys where new[name] == nil { result.append((name, nil)) }
      return result
    }

    private func check(_ step: String) {
      let mapping = index.mapping
      #expect(mapping.mapValues { $0[0] } == expected, "\(step)")
      #expect(mapping.values.allSatisfy { $0.count == 1 }, "\(step)")
      #expect(Set(index.entries).count == index.entries.count, "\(step)")
      let present = Set(index.entries.map(ShortIndex.target))
      #expect(lost.isSubset(of: present), "\(step): \(index) without \(lost.subtracting(present))")
    }
  }

  @Test(
    "W2: each acknowledged write holds at the end, or a later one of the same name overrode it", arguments: 0..<40
  )
  func model(_ seed: Int) throws {
    var generator = SeededGenerator(UInt64(seed))
    var store = Store()
    let writers = Int.random(in: 2...5, using: &generator)
    var bases: [Served?] = Array(repeating: nil, count: writers)
    var digest = 0
    for step in 0..<60 {
      let writer = Int.random(in: 0..<writers, using: &generator)
      guard let base = bases[writer] else {
        bases[writer] = Served(version: UInt64(store.versions.count - 1), index: store.index)
        continue
      }
      let tool = ToolWriter.allCases[Int.random(in: 0..<ToolWriter.allCases.count, using: &generator)]
      let name = "abcd".randomElement(using: &generator).map(String.init) ?? "a"
      digest += 1
      // At times the content is one that others have put as well.
      let target = Bool.random(using: &generator) ? digest : Int.random(in: 1...digest, using: &generator)
      let written = tool.write(base.index, name, String(target, radix: 16), &generator)
      try store.write(written, from: tool.readsFirst ? base.index : nil, "seed \(seed), step \(step), \(tool)")
      // oras writes again from what it wrote; others have ended.
      bases[writer] = tool == .oras ? Served(version: base.version, index: written) : nil
    }
  }
}

/// How a tool changes an index that it read, as far as it matters here.
private enum ToolWriter: CaseIterable {
  case skopeoCopy, umociTag, umociRemove, crane, oras, orasDelete, regctl, regctlDelete, buildx, dropsUnnamed, fresh

  /// Whether the tool makes its index from one that it read.
  var readsFirst: Bool { self != .fresh }

  func write(_ base: ShortIndex, _ name: String, _ digest: String, _ generator: inout SeededGenerator) -> ShortIndex {
    var entries = base.entries
    let entry = "\(name)=\(digest)"
    let isNamed = { (entry: String) in entry.hasPrefix("\(name)=") }
    switch self {
    case .skopeoCopy:
      if let old = entries.firstIndex(where: isNamed) { entries[old].removeFirst(name.count) }
      entries.removeAll { $0 == "=\(digest)" }
      entries.append(entry)
    case .umociTag, .buildx:
      entries.removeAll(where: isNamed)
      entries.append(entry)
    case .umociRemove: entries.removeAll(where: isNamed)
    case .crane: entries.append(entry)
    case .oras:
      let old = entries.first(where: isNamed)
      entries.removeAll { isNamed($0) || $0 == "=\(digest)" }
      if let old, !entries.contains(where: { $0.hasSuffix(old.dropFirst(name.count)) }) {
        entries.append(String(old.dropFirst(name.count)))
      }
      entries.append(entry)
      entries.shuffle(using: &generator)
    case .orasDelete:
      guard let old = entries.first(where: isNamed) else { break }
      let target = ShortIndex.target(of: old)
      entries.removeAll { ShortIndex.target(of: $0) == target }
    case .regctl:
      if let old = entries.firstIndex(where: isNamed) { entries[old] = entry } else { entries.append(entry) }
      while let last = entries.lastIndex(where: isNamed), last != entries.firstIndex(where: isNamed) {
        entries.remove(at: last)
      }
    case .regctlDelete:
      if let old = entries.firstIndex(where: isNamed) { entries.remove(at: old) }
    case .dropsUnnamed: entries.removeAll { $0.hasPrefix("=") }
    case .fresh: entries = [entry]
    }
    var written = base
    written.entries = entries
    return written
  }
}

extension ShortIndex {
  /// The digit of an entry's digest.
  static func target(of entry: String) -> String {
    String(entry.split(separator: "=", omittingEmptySubsequences: false)[1].prefix { $0 != "(" })
  }

  /// The digests of each name.
  var mapping: [String: [String]] {
    Dictionary(
      names.map { entry in (String(entry.prefix { $0 != "=" }), [Self.target(of: entry)]) }, uniquingKeysWith: +)
  }

  func has(_ name: String, _ digest: String?) -> Bool {
    digest.map { mapping[name]?.contains($0) ?? false } ?? false
  }
}
