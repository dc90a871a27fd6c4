extension IndexChange {
  /// The entries of the current index that the change can concern: those of its names, and of digests that it or they have.
  func positions(in text: IndexText) -> [Int] {
    let keys = members.map(\.key)
    let names = Set((self.names.map(\.name) + keys.compactMap(\.name)).map { IndexEntryScanner.name($0) })
    var digests = unnamedRemoved.union(keys.map(\.digest))
    for change in self.names { digests.formUnion(change.base.union(change.added.map { IndexEntryKey($0).digest })) }
    digests.formUnion(unnamedAdded.map { IndexEntryKey($0).digest })
    let known = HashFilter(names)
    let own = text.items.lazy.filter { known.contains($0.hashes.name) }.map(\.hashes.digest)
    let all = Set(digests.map { IndexEntryScanner.hash($0) }).union(own)
    return text.positions(names, unnamed: [], any: all)
  }
}
