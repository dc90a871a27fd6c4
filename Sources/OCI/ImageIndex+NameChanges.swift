extension ImageIndex {
  /// The effect that a change of few entries has on the names of an index that has no whole names of images.
  ///
  /// Entries before and behind the changed ones keep their names, so that one tag is moved beside 100,000 others without
  /// reading each.
  package struct NameChanges: Sendable {
    /// The most entries that are looked at one by one.
    private static let limit = 1000

    /// The names of the changed entries, and the entry that each stands for now; `nil` if there is none.
    package let names: [(name: ReferenceName, entry: NamedEntry?)]
    /// The positions of the entries that no name stands for, in their order.
    package let unnamed: [Int]
    private let prefix: Int
    private let tails: IndexMatching.Pair

    /// Compares an index with the one before.
    ///
    /// - Parameter unnamed: the positions in the old index of the entries that no name stands for.
    /// - Returns: `nil` if the names are to be read anew: too many entries changed, or one has a whole name.
    package init?(from old: ImageIndex, unnamed: [Int], to new: ImageIndex) {
      guard old.hasOnlyShortNames, new.hasOnlyShortNames else { return nil }
      (prefix, tails) = IndexText.commonEntries(old.text, new.text)
      let (removed, added) = (prefix..<tails.old, prefix..<tails.new)
      guard removed.count + added.count <= Self.limit else { return nil }
      let names = Set(removed.compactMap { old.entries[$0].name } + added.compactMap { new.entries[$0].name })
      let hashes = HashFilter(Set(names.lazy.map { IndexEntryScanner.hash($0.description.utf8) }))
      let items = new.text.items
      var firsts: [ReferenceName: NamedEntry] = [:]
      var isUnnamed = Set(added)
      // Other entries can have one of the names too.
      let candidates = items.indices.lazy.filter { hashes.contains(items[$0].hashes.reference) }
      for (count, position) in candidates.enumerated() {
        guard count < Self.limit else { return nil }
        let entry = new.entries[position]
        guard let name = entry.name, names.contains(name) else { continue }
        if firsts[name] == nil {
          let isDescriptor = (try? entry.descriptor.get()) != nil
          firsts[name] = NamedEntry(name: name, position: position, isDescriptor: isDescriptor, isListed: true)
          isUnnamed.remove(position)
        } else {
          isUnnamed.insert(position)
        }
      }
      let named = Set(firsts.values.lazy.map(\.position))
      for position in unnamed {
        if let position = Self.moved(position, prefix, tails), !named.contains(position) { isUnnamed.insert(position) }
      }
      self.unnamed = isUnnamed.sorted()
      self.names = names.map { ($0, firsts[$0]) }
    }

    /// The new position of an entry; `nil` if it is one of the changed ones.
    package func newPosition(of old: Int) -> Int? { Self.moved(old, prefix, tails) }

    private static func moved(_ old: Int, _ prefix: Int, _ tails: IndexMatching.Pair) -> Int? {
      if old < prefix { return old }
      return old < tails.old ? nil : old - tails.old + tails.new
    }
  }

  /// Whether no entry has a whole name, safe or not.
  private var hasOnlyShortNames: Bool { text.items.allSatisfy { $0.hashes.image == 0 } }
}
