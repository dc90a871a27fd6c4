/// Changes of the names in an index. Each returns the bytes of the new file, or its pieces, which share the memory of this one.
///
/// A change takes a name from the entry that the name stands for, and from its duplicates: entries with the same names
/// that tools cannot tell apart. They stay in the index while lists show another name of theirs, and are removed with the
/// last one. Other entries, of other whole names or platforms, are other images and are never changed.
extension ImageIndex {
  /// The entries that lose a name, in their order.
  private struct Taking {
    var positions: [Int] = []
    /// The entries without the name; `nil` if it is their last one.
    var kept: [JSON]?
  }

  /// Returns the entry that a name stands for, and its duplicates.
  public func entries(changedBy name: ReferenceName) -> [Entry] {
    positions(changedBy: name).map { entries[$0] }
  }

  /// Returns the index with a descriptor under a name, which is taken from the entries that have it.
  ///
  /// The descriptor's own whole name is dropped if it stands for another entry; an entry that has it beside the name is
  /// replaced. In place of an entry that lists show by its whole name alone, a descriptor gets both names of the
  /// entry.
  public func setting(_ descriptor: Descriptor, named name: ReferenceName) -> [UInt8] {
    pieces(setting: descriptor, named: name).joinedBytes
  }

  /// Returns the index without a name; `nil` if no entry has it.
  public func removing(_ name: ReferenceName) -> [UInt8]? { pieces(removing: name)?.joinedBytes }

  /// Returns the index with the entries of one name under another, which is taken from the entries that have it; `nil` if
  /// the first entry has no valid descriptor.
  public func moving(_ name: ReferenceName, to other: ReferenceName) -> [UInt8]? {
    pieces(moving: name, to: other)?.joinedBytes
  }

  /// Returns the pieces of ``setting(_:named:)``.
  package func pieces(setting descriptor: Descriptor, named name: ReferenceName) -> [ArraySlice<UInt8>] {
    var taken = taking(name)
    if let first = taken.positions.first, entries[first].name == name,
      let text = descriptor.annotation(Descriptor.imageNameKey),
      entries[first].imageNameText?.sameBytes(as: text) ?? false
    {
      taken.kept = nil
    }
    var value = withoutForeignImageName(descriptor.json, besides: taken.positions)
      .annotated(Descriptor.referenceNameKey, name.description)
    if let first = taken.positions.first, taken.kept == nil, entries[first].name != name {
      value = descriptor.json.annotated(Descriptor.referenceNameKey, entries[first].name?.description)
        .annotated(Descriptor.imageNameKey, name.description)
    }
    return replacing([taken], with: [value], at: taken.positions.first)
  }

  /// Returns the pieces of ``removing(_:)``.
  package func pieces(removing name: ReferenceName) -> [ArraySlice<UInt8>]? {
    let taken = taking(name)
    return taken.positions.isEmpty ? nil : replacing([taken], with: [], at: nil)
  }

  /// Returns the pieces of ``moving(_:to:)``.
  package func pieces(moving name: ReferenceName, to other: ReferenceName) -> [ArraySlice<UInt8>]? {
    let moved = taking(name)
    guard let first = moved.positions.first, (try? entries[first].descriptor.get()) != nil, name != other else {
      return nil
    }
    // Both are names of one entry, which keeps the other one.
    if let kept = moved.kept, entries[first].name == other || entries[first].imageName == other {
      return replacing([Taking(positions: moved.positions, kept: kept)], with: [], at: nil)
    }
    var replaced = taking(other)
    if replaced.positions == moved.positions { replaced = Taking() }
    let isWhole = entries[first].name != name
    let additions = moved.positions.map { (position) in
      let value = withoutForeignImageName(text.value(at: position), besides: moved.positions)
        .annotated(Descriptor.referenceNameKey, other.description)
      return isWhole || entries[position].imageName == other ? value.annotated(Descriptor.imageNameKey, nil) : value
    }
    // A short name that is moved takes the whole name along.
    let left = Taking(positions: moved.positions, kept: isWhole ? moved.kept : nil)
    return replacing([left, replaced], with: additions, at: min(first, replaced.positions.first ?? first))
  }

  /// Takes a name from the entries that a change of it concerns.
  private func taking(_ name: ReferenceName) -> Taking {
    let positions = positions(changedBy: name)
    guard let first = positions.first else { return Taking() }
    guard isListed(first, besides: name) else { return Taking(positions: positions) }
    let key = entries[first].name == name ? Descriptor.referenceNameKey : Descriptor.imageNameKey
    return Taking(positions: positions, kept: positions.map { text.value(at: $0).annotated(key, nil) })
  }

  /// Whether lists show an entry under another name; see ``namedEntries``.
  private func isListed(_ position: Int, besides name: ReferenceName) -> Bool {
    guard entries[position].name != nil, entries[position].imageName != nil else { return false }
    return namedEntries.contains { $0.position == position && $0.isListed && $0.name != name }
  }

  /// Returns the positions of the entry that a name stands for, and of its duplicates.
  func positions(changedBy name: ReferenceName) -> [Int] {
    guard let first = position(of: name) else { return [] }
    let entry = entries[first]
    // Entries that have one name have one hash of it.
    let key = entry.name == nil ? \IndexEntryScanner.Hashes.image : \.reference
    let hash = text.items[first].hashes[keyPath: key]
    let candidates = (first..<entries.count).filter {
      text.items[$0].hashes[keyPath: key] == hash && entries[$0].name == entry.name
        && entries[$0].hasImageName(of: entry)
    }
    guard candidates.count > 1 else { return candidates }
    let traits = traits(at: first)
    return candidates.filter { self.traits(at: $0) == traits }
  }

  /// The members by which tools tell entries of one name apart: platform, type of artifact, and annotations except the
  /// names and those of `org.opencontainers.image`, which describe the content.
  private func traits(at position: Int) -> [UInt8] {
    let value = text.value(at: position)
    var annotations: [JSON.Member] = []
    if case .object(let members) = value["annotations"] ?? .null {
      annotations = members.filter {
        !$0.name.utf8.starts(with: "org.opencontainers.image.".utf8) && !$0.name.sameBytes(as: Descriptor.imageNameKey)
      }
    }
    let parts = [value["platform"] ?? .null, value["artifactType"] ?? .null, .object(annotations)]
    return JSON.array(parts).canonical.serialized
  }

  /// Returns a descriptor without its whole name if that stands for an entry at another position.
  private func withoutForeignImageName(_ descriptor: JSON, besides positions: [Int]) -> JSON {
    guard let text = descriptor["annotations"]?[Descriptor.imageNameKey]?.text,
      let imageName = try? ReferenceName(reading: text), let position = position(of: imageName),
      !positions.contains(position)
    else { return descriptor }
    return descriptor.annotated(Descriptor.imageNameKey, nil)
  }

  /// Returns the pieces of the index with entries that lost their names, and with others at the place of an entry or at the
  /// end.
  private func replacing(_ takings: [Taking], with additions: [JSON], at place: Int?) -> [ArraySlice<UInt8>] {
    var changes: [Int: [ArraySlice<UInt8>]] = [:]
    for taking in takings {
      for (index, position) in taking.positions.enumerated() {
        changes[position] = taking.kept.map { [$0[index].serialized[...]] } ?? []
      }
    }
    let additions = additions.map { $0.serialized[...] }
    guard let place else { return text.replacing(changes, appending: additions) }
    changes[place] = additions + (changes[place] ?? [text.bytes(at: place)])
    return text.replacing(changes)
  }
}
