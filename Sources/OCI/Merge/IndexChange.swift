/// The changes that a writer made to an index: the difference between the version that it read, the base, and the one
/// that it wrote.
///
/// A base of `nil` is unknown. Then everything that was written is an addition, and nothing is a deletion.
public struct IndexChange: Sendable {
  /// The entries of one name that the writer added.
  struct NameChange: Sendable {
    let name: IndexEntryKey.Name
    var added: [IndexEntry]
    /// Whether the name stands for the added entries alone, so that an entry that another writer gave it loses it.
    var isMove = true
  }

  /// The change of the members of an entry.
  struct Edit: Sendable {
    /// The position in the base.
    let old: Int
    /// The position in what was written.
    let new: Int
    let base: JSON
    let written: JSON
    /// The text of the written entry.
    let bytes: ArraySlice<UInt8>

    /// Returns an entry with the change.
    func applied(to current: JSON) -> JSON { MemberMerge(base: base, written: written).merged(into: current) }
  }

  /// The base; without entries, if it is unknown.
  let base: IndexText
  let isBaseKnown: Bool
  let written: IndexText
  let matching: IndexMatching
  private(set) var names: [NameChange] = []
  /// The entries without a name that the writer added.
  private(set) var unnamed: [IndexEntry] = []
  /// The positions in the base of entries that a second entry of their name replaces.
  private(set) var superseded: Set<Int> = []
  /// The positions of what was written that are not stored: entries that were replaced, and repetitions of others.
  private(set) var dropped: Set<Int> = []
  private(set) var edits: [Edit] = []
  /// Entries of other text whose members the writer did not change.
  private(set) var unchanged: [IndexMatching.Pair]
  let members: IndexMembersChange
  /// Whether the writer wrote the entries of the base in another order.
  let isReordered: Bool
  /// The digest whose entries without a name are removed.
  private(set) var unnamedDigest: [UInt8]?

  /// Compares what a writer wrote with its base. Values are made of the entries alone that the writer changed, or that
  /// share a name with them.
  ///
  /// - Throws: ``InvalidValue`` if an added or edited entry is not a descriptor, or has an unsafe name, if annotations that
  ///   the writer set are not strings, or if it left `manifests` out, which Go writes as `null` when it has no entry.
  public init(from base: IndexText?, to written: IndexText) throws(InvalidValue) {
    isBaseKnown = base != nil
    self.base = base ?? ImageIndex().text
    self.written = written
    if written.outline[IndexOutline.manifests] == nil, self.base.outline[IndexOutline.manifests] != nil {
      throw InvalidValue("no manifests")
    }
    matching = IndexMatching(self.base, written)
    unchanged = matching.rewritten
    members = try IndexMembersChange(from: base, to: written)
    isReordered = !matching.isOrdered
    try readAdditions()
    try readEdits(findMoves())
  }

  /// The removal of the entries of a digest that have no name.
  public init(removingUnnamed digest: Digest) {
    (base, written, isBaseKnown) = (ImageIndex().text, ImageIndex().text, false)
    matching = IndexMatching(base, written)
    (unchanged, members, isReordered) = ([], IndexMembersChange(), false)
    unnamedDigest = Array(digest.description.utf8)
  }

  /// Whether the writer changed nothing.
  public var isEmpty: Bool {
    matching.removed.isEmpty && matching.added.isEmpty && edits.isEmpty && members.isEmpty && !isReordered
      && unnamedDigest == nil
  }

  /// The change of the text.
  package var difference: IndexText.Difference { IndexText.Difference(from: base, to: written, matching) }

  /// The positions in the base of the entries that the writer removed or replaced.
  var removed: [Int] { matching.removed + superseded }

  private mutating func readAdditions() throws(InvalidValue) {
    var places: [IndexEntryKey.Name: Int] = [:]
    for position in matching.added {
      let entry = IndexEntry(written, position)
      try Self.check(entry.value, written.bytes(at: position))
      guard let name = entry.key.name else {
        unnamed.append(entry)
        continue
      }
      if let place = places[name] {
        names[place].added.append(entry)
      } else {
        places[name] = names.count
        names.append(NameChange(name: name, added: [entry]))
      }
    }
  }

  /// Finds the names that the writer moved. crane appends a second entry of the name to move it, also to the same digest,
  /// and never removes the first.
  ///
  /// - Returns: the repetitions of an entry, by its position in the base.
  private mutating func findMoves() -> [Int: Int] {
    let hashes = Set(names.map { IndexEntryScanner.name($0.name) })
    let entries = Dictionary(grouping: base.positions(named: hashes).map { IndexEntry(base, $0) }) { $0.key.name }
    var repetitions: [Int: Int] = [:]
    for place in names.indices {
      let old = entries[names[place].name] ?? []
      let kept = old.filter { matching.new(of: $0.position) != nil }
      guard let first = kept.first, let position = matching.new(of: first.position), old.count == 1,
        let second = names[place].added.first, names[place].added.count == 1, !second.isOfOtherPlatform(than: first)
      else {
        names[place].isMove = kept.isEmpty
        continue
      }
      if second.key == first.key {
        names[place].added = []
        dropped.insert(second.position)
        repetitions[first.position] = second.position
      } else {
        superseded.insert(first.position)
        dropped.insert(position)
      }
    }
    names.removeAll { $0.added.isEmpty }
    return repetitions
  }

  private mutating func readEdits(_ repetitions: [Int: Int]) throws(InvalidValue) {
    var pairs = matching.edited.filter { repetitions[$0.old] == nil }
    for (old, new) in repetitions.sorted(by: { $0.key < $1.key }) {
      pairs.append(IndexMatching.Pair(old: old, new: new))
    }
    for pair in pairs {
      guard let position = matching.new(of: pair.old) else { continue }
      let edit = Edit(
        old: pair.old, new: position, base: base.value(at: pair.old), written: written.value(at: pair.new),
        bytes: written.bytes(at: pair.new))
      if edit.applied(to: edit.base) == edit.base {
        unchanged.append(IndexMatching.Pair(old: pair.old, new: position))
        continue
      }
      if (try? Self.check(edit.base, base.bytes(at: edit.old))) != nil { try Self.check(edit.written, edit.bytes) }
      edits.append(edit)
    }
  }

  private static func check(_ entry: JSON, _ text: ArraySlice<UInt8>) throws(InvalidValue) {
    try Descriptor(entry).checkOptionalMembers()
    // Stored as it is, the text would make the whole index unreadable to parsers that accept no other characters.
    if JSON.hasMalformedText(Array(text)) { throw InvalidValue("text with malformed characters") }
    for key in [Descriptor.referenceNameKey, Descriptor.imageNameKey] {
      if let name = entry["annotations"]?[key]?.text { _ = try ReferenceName(reading: name) }
    }
  }
}
