/// The result of applying a writer's changes to the current index, which other writers may have changed since its base.
///
/// Entries that nobody changed keep their bytes and their order. Two writers that move one name conflict: the last one
/// has the name, and the entry that lost it stays without a name, marked with ``lostNameKey``.
public struct IndexMerge: Sendable {
  /// Two different moves of one name.
  public struct Conflict: Hashable, Sendable {
    /// The name, as both writers have it.
    public let name: String
    /// The digest that the name has now.
    public let kept: String
    /// The digest that lost the name.
    public let lost: String
  }

  /// The annotation of an entry that lost its name to a concurrent writer: that name.
  public static let lostNameKey = "io.casfs.lost.name"

  /// The bytes of the merged index; those of the current one if nothing changed.
  public let content: [UInt8]
  /// The names that two writers moved.
  public let conflicts: [Conflict]

  /// Applies the changes of a writer to the current index.
  public init(_ change: IndexChange, to current: ImageIndex) {
    self.init(change, to: current.text)
  }

  /// Applies the changes of a writer to the text of the current index. Values are made of the entries alone that a change
  /// can concern.
  public init(_ change: IndexChange, to current: IndexText) {
    var editor = IndexEditor(current, change)
    editor.apply(change)
    conflicts = editor.conflicts
    content = editor.content
  }
}

/// The entries of an index while changes are applied.
private struct IndexEditor {
  private struct Slot {
    /// The value in the current index; `nil` for a new entry.
    var value: JSON?
    /// The new value; `nil` for an entry that keeps its bytes.
    var edited: JSON?
    var key: IndexEntryKey
    var isRemoved = false
    /// Whether the entry lost its name, so that it stays only if nothing else refers to its digest.
    var isLoser = false
    /// New entries that stand before this one.
    var before: [Int] = []
  }

  private let text: IndexText
  /// The positions of the first slots in the text.
  private let positions: [Int]
  private var slots: [Slot]
  /// The slots of each name.
  private var places: [IndexEntryKey.Name?: [Int]] = [:]
  /// The number of slots of the current index; new entries follow.
  private let count: Int
  /// The new entries at the end.
  private var ends: [Int] = []
  /// The annotations of the index, if they changed.
  private var annotations: [JSON.Member]?
  private(set) var conflicts: [IndexMerge.Conflict] = []

  init(_ text: IndexText, _ change: IndexChange) {
    self.text = text
    positions = change.positions(in: text)
    slots = positions.map { (position) in
      let value = text.value(at: position)
      return Slot(value: value, key: IndexEntryKey(value))
    }
    count = slots.count
    for (place, slot) in slots.enumerated() { places[slot.key.name, default: []].append(place) }
  }

  mutating func apply(_ change: IndexChange) {
    for name in change.names { apply(name) }
    removeUnnamed(change.unnamedRemoved)
    // An entry without a name that says no more than a named one has nothing to keep it for.
    let named = Set(change.names.flatMap { $0.added.map { IndexEntryKey($0).digest } })
    removeUnnamed(named.subtracting(change.unnamedWritten), ifPlain: true)
    dropLosers()
    addUnnamed(change.unnamedAdded)
    for member in change.members { apply(member) }
    apply(change.annotations)
  }

  private mutating func apply(_ change: IndexChange.NameChange) {
    let current = (places[change.name] ?? []).filter { !slots[$0].isRemoved }
    let added = change.added.filter { (entry) in
      let digest = IndexEntryKey(entry).digest
      return !current.contains { slots[$0].key.digest == digest }
    }
    let kept = Set(change.added.map { IndexEntryKey($0).digest })
    var first: Int?
    for place in current {
      let digest = slots[place].key.digest
      if kept.contains(digest) { continue }
      if change.removed.contains(digest) {
        slots[place].isRemoved = true
      } else if !change.added.isEmpty, !change.base.contains(digest) {
        lose(place, to: change)
      } else {
        continue
      }
      if first == nil { first = place }
    }
    for entry in added { insert(entry, before: first) }
  }

  /// Takes the name from an entry that another writer put since the base.
  private mutating func lose(_ place: Int, to change: IndexChange.NameChange) {
    let slot = slots[place]
    let name = change.name.image ?? change.name.reference ?? []
    let text = String(decoding: name, as: UTF8.self)
    conflicts.append(
      IndexMerge.Conflict(
        name: text, kept: change.added.first?["digest"]?.text ?? "",
        lost: String(decoding: slot.key.digest, as: UTF8.self)))
    slots[place].isRemoved = true
    let value = slot.edited ?? slot.value ?? .null
    let unnamed = value.annotated(Descriptor.referenceNameKey, nil).annotated(Descriptor.imageNameKey, nil)
      .annotated(IndexMerge.lostNameKey, text)
    let loser = insert(unnamed, before: place)
    slots[loser].isLoser = true
  }

  /// Adds an entry before the place of another, or at the end.
  @discardableResult
  private mutating func insert(_ entry: JSON, before place: Int?) -> Int {
    let key = IndexEntryKey(entry)
    let new = slots.count
    slots.append(Slot(edited: entry, key: key))
    places[key.name, default: []].append(new)
    // A new entry cannot be an anchor, because it moves with its own.
    if let place, place < count { slots[place].before.append(new) } else { ends.append(new) }
    return new
  }

  private mutating func removeUnnamed(_ digests: Set<[UInt8]>, ifPlain: Bool = false) {
    if digests.isEmpty { return }
    for place in places[nil] ?? [] where digests.contains(slots[place].key.digest) {
      if ifPlain, !isPlain(place) { continue }
      slots[place].isRemoved = true
    }
  }

  /// Whether an entry has no annotations but the mark of a lost name.
  private func isPlain(_ place: Int) -> Bool {
    let value = slots[place].edited ?? slots[place].value ?? .null
    return (value["annotations"]?.members ?? []).allSatisfy { $0.name.sameBytes(as: IndexMerge.lostNameKey) }
  }

  private mutating func dropLosers() {
    var others: Set<[UInt8]>?
    for place in slots.indices where slots[place].isLoser {
      let known = others ?? Set(slots.filter { !$0.isRemoved && !$0.isLoser }.map(\.key.digest))
      others = known.union([slots[place].key.digest])
      if known.contains(slots[place].key.digest) { slots[place].isRemoved = true }
    }
  }

  private mutating func addUnnamed(_ entries: [JSON]) {
    if entries.isEmpty { return }
    var present = Set(slots.filter { !$0.isRemoved }.map(\.key.digest))
    for entry in entries where present.insert(IndexEntryKey(entry).digest).inserted { insert(entry, before: nil) }
  }

  private mutating func apply(_ change: IndexChange.MemberChange) {
    for place in places[change.key.name] ?? [] where !slots[place].isRemoved && slots[place].key == change.key {
      let value = slots[place].edited ?? slots[place].value ?? .null
      let merged = MemberMerge(base: change.base, written: change.written).merged(into: value)
      if merged != value { slots[place].edited = merged }
    }
  }

  private mutating func apply(_ changes: [(key: String, value: JSON?)]) {
    var members = text.annotations
    for change in changes {
      let position = members.firstIndex { $0.name.sameBytes(as: change.key) }
      switch (position, change.value) {
      case (let position?, let value?): members[position].value = value
      case (let position?, nil): members.remove(at: position)
      case (nil, let value?): members.append(JSON.Member(change.key, value))
      case (nil, nil): break
      }
    }
    if members != text.annotations { annotations = members }
  }

  /// The bytes of the index.
  var content: [UInt8] {
    let isChanged = slots.count > count || slots.contains { $0.isRemoved || $0.edited != nil }
    guard isChanged || annotations != nil else { return text.content }
    guard isChanged else { return text.outline.replacing(in: text.content, annotations: annotations) }
    var replacements: [Int: [ArraySlice<UInt8>]] = [:]
    for place in 0..<count where slots[place].isRemoved || slots[place].edited != nil || !slots[place].before.isEmpty {
      replacements[positions[place]] = pieces(of: place)
    }
    return text.replacing(replacements, appending: ends.flatMap(pieces), annotations: annotations)
  }

  /// The text of an entry, if it stays, after those of the new ones before it.
  private func pieces(of place: Int) -> [ArraySlice<UInt8>] {
    let slot = slots[place]
    let before = slot.before.flatMap(pieces)
    if slot.isRemoved { return before }
    return before + [slot.edited?.serialized[...] ?? text.bytes(at: positions[place])]
  }
}
