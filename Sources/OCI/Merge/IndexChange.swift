/// The changes that a writer made to an index: the difference between the version that it read, the base, and the one
/// that it wrote.
///
/// A base of `nil` is unknown. Then everything that was written is an addition, and nothing is a deletion.
public struct IndexChange: Sendable {
  /// The change of the entries of one name.
  struct NameChange: Sendable {
    let name: IndexEntryKey.Name
    /// The digests that the name had in the base.
    let base: Set<[UInt8]>
    /// The digests of the base that the writer took the name from.
    let removed: Set<[UInt8]>
    /// The entries that the writer added.
    let added: [JSON]
  }

  /// The change of the members of an entry that stays.
  struct MemberChange: Sendable {
    let key: IndexEntryKey
    let base: JSON
    let written: JSON
  }

  private(set) var names: [NameChange] = []
  /// The entries without a name that the writer added, and the digests of those that it removed.
  private(set) var unnamedAdded: [JSON] = []
  private(set) var unnamedRemoved: Set<[UInt8]> = []
  /// The digests of the entries without a name that the writer has.
  private(set) var unnamedWritten: Set<[UInt8]> = []
  private(set) var members: [MemberChange] = []
  /// The annotations of the index that the writer set, or removed if the value is `nil`.
  private(set) var annotations: [(key: String, value: JSON?)] = []

  /// Whether the writer changed nothing.
  public var isEmpty: Bool {
    names.isEmpty && unnamedAdded.isEmpty && unnamedRemoved.isEmpty && members.isEmpty && annotations.isEmpty
  }

  /// Compares what a writer wrote with its base.
  ///
  /// - Throws: ``InvalidValue`` if an entry was added that is not a descriptor, or has an unsafe name.
  public init(from base: IndexVersion?, to written: IndexVersion) throws(InvalidValue) {
    compareNames(base, written)
    compareUnnamed(base, written)
    if let base { compareMembers(base, written) }
    compareAnnotations(base, written)
    for entry in names.flatMap(\.added) + unnamedAdded { try Self.check(entry) }
  }

  /// Compares what a writer wrote with its base. Values are made of the entries alone that the writer changed, or that
  /// share a name or a digest with them.
  ///
  /// - Throws: ``InvalidValue`` as ``init(from:to:)-(IndexVersion?,_)``.
  public init(from base: IndexText?, to written: IndexText) throws(InvalidValue) {
    guard let base else {
      try self.init(from: nil, to: IndexVersion(written))
      return
    }
    try self.init(from: base, to: written, IndexText.difference(base, written))
  }

  /// Compares what a writer wrote with its base.
  ///
  /// - Parameter difference: the positions of the entries in each of both that the other has not.
  /// - Throws: ``InvalidValue`` as ``init(from:to:)-(IndexVersion?,_)``.
  package init(
    from base: IndexText, to written: IndexText, _ difference: (old: [Int], new: [Int])
  ) throws(InvalidValue) {
    let (removed, added) = difference
    let changed = removed.map { base.items[$0].hashes } + added.map { written.items[$0].hashes }
    let names = Set(changed.map(\.name)).subtracting([0])
    let digests = Set(changed.map(\.digest))
    try self.init(
      from: IndexVersion(base, base.positions(names, unnamed: digests)),
      to: IndexVersion(written, written.positions(names, unnamed: digests)))
  }

  /// The removal of the entries of a digest that have no name.
  public init(removingUnnamed digest: Digest) {
    unnamedRemoved = [Array(digest.description.utf8)]
  }

  private static func check(_ entry: JSON) throws(InvalidValue) {
    _ = try Descriptor(entry)
    for key in [Descriptor.referenceNameKey, Descriptor.imageNameKey] {
      if let name = entry["annotations"]?[key]?.text { _ = try ReferenceName(reading: name) }
    }
  }

  private mutating func compareNames(_ base: IndexVersion?, _ written: IndexVersion) {
    var remaining: [IndexEntryKey.Name: [IndexVersion.Entry]] = [:]
    var order: [IndexEntryKey.Name] = []
    for group in base?.groups ?? [] {
      guard let name = group.name else { continue }
      remaining[name] = group.entries
      order.append(name)
    }
    for group in written.groups {
      guard let name = group.name else { continue }
      let old = Set((remaining.removeValue(forKey: name) ?? []).map(\.key.digest))
      let new = Set(group.entries.map(\.key.digest))
      let added = group.entries.filter { !old.contains($0.key.digest) }
      var removed = old.subtracting(new)
      // crane appends a second entry of the name to move it, and never removes the first.
      if removed.isEmpty, !added.isEmpty { removed = old }
      if added.isEmpty, removed.isEmpty { continue }
      names.append(NameChange(name: name, base: old, removed: removed, added: added.map(\.value)))
    }
    for name in order {
      guard let entries = remaining[name] else { continue }
      let digests = Set(entries.map(\.key.digest))
      names.append(NameChange(name: name, base: digests, removed: digests, added: []))
    }
  }

  private mutating func compareUnnamed(_ base: IndexVersion?, _ written: IndexVersion) {
    let old = base?.groups.first { $0.name == nil }?.entries ?? []
    let new = written.groups.first { $0.name == nil }?.entries ?? []
    let oldDigests = Set(old.map(\.key.digest))
    unnamedWritten = Set(new.map(\.key.digest))
    unnamedRemoved = oldDigests.subtracting(unnamedWritten)
    unnamedAdded = new.filter { !oldDigests.contains($0.key.digest) }.map(\.value)
  }

  private mutating func compareMembers(_ base: IndexVersion, _ written: IndexVersion) {
    for entry in written.entries {
      guard let old = base[entry.key], old != entry.value else { continue }
      let change = MemberChange(key: entry.key, base: old, written: entry.value)
      if MemberMerge(base: old, written: entry.value).isChange { members.append(change) }
    }
  }

  private mutating func compareAnnotations(_ base: IndexVersion?, _ written: IndexVersion) {
    let old = JSON.object(base?.annotations ?? [])
    let new = JSON.object(written.annotations)
    for member in written.annotations where old[member.name].map({ !$0.means(member.value) }) ?? true {
      annotations.append((member.name, member.value))
    }
    for member in base?.annotations ?? [] where new[member.name] == nil { annotations.append((member.name, nil)) }
  }
}
