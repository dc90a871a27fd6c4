/// The entries of the current index while the changes of a writer are applied, which other writers may have changed.
struct IndexEditor {
  /// An entry that is not in the current index.
  private struct NewEntry {
    let bytes: ArraySlice<UInt8>
    let digest: [UInt8]
    /// Whether the entry lost its name, so that it stays only if nothing else has its digest.
    var isLoser = false
  }

  private let current: IndexText
  private let change: IndexChange
  private let concurrent: IndexMatching
  /// The entries that the writer added and another one since the base: the same ones.
  private let common: IndexMatching
  private var removed: Set<Int> = []
  private var edited: [Int: JSON] = [:]
  /// The new entries before an entry of the current index.
  private var before: [Int: [NewEntry]] = [:]
  /// The new entries at the end.
  private var ends: [NewEntry] = []
  private(set) var conflicts: [IndexMerge.Conflict] = []

  init(_ current: IndexText, _ change: IndexChange, _ concurrent: IndexMatching) {
    self.current = current
    self.change = change
    self.concurrent = concurrent
    common = IndexMatching(change.written, change.matching.added, current, concurrent.added, .traits)
  }

  mutating func apply() {
    /// The first entry that lost a name, by the hash of the name: the place of the new one.
    var places: [UInt64: Int] = [:]
    for position in change.removed.compactMap({ concurrent.new(of: $0) }).sorted() {
      removed.insert(position)
      places[current.items[position].hashes.name, default: position] = position
    }
    applyEdits()
    let others = otherEntries()
    let named = Dictionary(grouping: others, by: \.key.name)
    for name in change.names { apply(name, named[name.name] ?? [], &places) }
    addUnnamed(others)
    removeSuperfluous(others)
    if let digest = change.unnamedDigest { removeUnnamed(digest) }
    dropLosers()
  }

  private mutating func applyEdits() {
    for edit in change.edits {
      guard let place = concurrent.new(of: edit.old), !removed.contains(place) else { continue }
      self.edit(place) { edit.applied(to: $0) }
    }
    // Both writers added the entry, the last one with other members.
    for pair in common.edited {
      let written = change.written.value(at: pair.old)
      edit(pair.new) { MemberMerge(base: .object([]), written: written).merged(into: $0) }
    }
  }

  private mutating func edit(_ place: Int, _ body: (JSON) -> JSON) {
    let value = current.value(at: place)
    let new = body(value)
    if new != value { edited[place] = new }
  }

  /// The entries that other writers added since the base, and that have a name or a digest of one that this writer added.
  private func otherEntries() -> [IndexEntry] {
    let added = change.matching.added.map { change.written.items[$0].hashes }
    let names = Set(added.map(\.name)).subtracting([0])
    let digests = Set(added.map(\.digest))
    return common.added.filter {
      let hashes = current.items[$0].hashes
      return names.contains(hashes.name) || digests.contains(hashes.digest)
    }.map { IndexEntry(current, $0) }
  }

  /// - Parameter others: the entries of the name that other writers added.
  private mutating func apply(
    _ change: IndexChange.NameChange, _ others: [IndexEntry], _ places: inout [UInt64: Int]
  ) {
    let hash = IndexEntryScanner.name(change.name)
    var place = places[hash]
    if change.isMove {
      let keys = Set(change.added.map(\.key))
      for other in others where !keys.contains(other.key) {
        lose(other, to: change)
        place = min(place ?? other.position, other.position)
      }
    }
    for entry in change.added where common.new(of: entry.position) == nil { add(entry, before: place) }
  }

  /// Takes the name from an entry that another writer put since the base.
  private mutating func lose(_ entry: IndexEntry, to change: IndexChange.NameChange) {
    let text = String(decoding: change.name.image ?? change.name.reference ?? [], as: UTF8.self)
    conflicts.append(
      IndexMerge.Conflict(
        name: text, kept: change.added.first?.value["digest"]?.text ?? "",
        lost: String(decoding: entry.key.digest, as: UTF8.self)))
    removed.insert(entry.position)
    let unnamed = entry.value.annotated(Descriptor.referenceNameKey, nil).annotated(Descriptor.imageNameKey, nil)
      .annotated(IndexMerge.lostNameKey, text)
    before[entry.position, default: []].append(
      NewEntry(bytes: unnamed.serialized[...], digest: entry.key.digest, isLoser: true))
  }

  private mutating func add(_ entry: IndexEntry, before place: Int?) {
    let new = NewEntry(bytes: change.written.bytes(at: entry.position), digest: entry.key.digest)
    if let place { before[place, default: []].append(new) } else { ends.append(new) }
  }

  /// Adds entries without a name, unless another writer has added one with a name that says as much.
  private mutating func addUnnamed(_ others: [IndexEntry]) {
    if change.unnamed.isEmpty { return }
    var named = CoveringEntries(others.filter { $0.key.name != nil && !removed.contains($0.position) })
    for entry in change.unnamed where common.new(of: entry.position) == nil {
      if !named.cover(entry) { add(entry, before: nil) }
    }
  }

  /// Removes entries without a name that other writers added, and that say no more than one that this writer named.
  private mutating func removeSuperfluous(_ others: [IndexEntry]) {
    let unnamed = others.filter { $0.key.name == nil }
    if unnamed.isEmpty { return }
    var named = CoveringEntries(change.names.flatMap(\.added))
    for entry in unnamed where named.cover(entry) { removed.insert(entry.position) }
  }

  private mutating func removeUnnamed(_ digest: [UInt8]) {
    let hash = IndexEntryScanner.hash(digest)
    for (position, item) in current.items.enumerated() where item.hashes.name == 0 && item.hashes.digest == hash {
      let key = IndexEntry(current, position).key
      if key.name == nil, key.digest == digest { removed.insert(position) }
    }
  }

  private mutating func dropLosers() {
    if conflicts.isEmpty { return }
    var known = Set((before.values.joined() + ends).filter { !$0.isLoser }.map(\.digest))
    let lost = Set(conflicts.map { IndexEntryScanner.hash($0.lost.utf8) })
    for (position, item) in current.items.enumerated()
    where lost.contains(item.hashes.digest) && !removed.contains(position) {
      known.insert(IndexEntry(current, position).key.digest)
    }
    for place in before.keys.sorted() {
      before[place]?.removeAll { $0.isLoser && !known.insert($0.digest).inserted }
    }
  }

  /// The value of `manifests`; `nil` if it is the one of the current index.
  var manifests: [ArraySlice<UInt8>]? {
    if removed.isEmpty && edited.isEmpty && before.isEmpty && ends.isEmpty { return nil }
    var replacements: [Int: [ArraySlice<UInt8>]] = [:]
    for place in removed.union(edited.keys).union(before.keys) {
      let new = (before[place] ?? []).map(\.bytes)
      replacements[place] =
        new + (removed.contains(place) ? [] : [edited[place]?.serialized[...] ?? current.bytes(at: place)])
    }
    return current.manifests(replacing: replacements, appending: ends.map(\.bytes))
  }
}
