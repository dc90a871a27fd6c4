extension ImageIndex {
  /// A name, and the entry that it stands for.
  public struct NamedEntry: Sendable {
    /// The name.
    public let name: ReferenceName
    /// The entry's position in ``ImageIndex/entries``.
    public let position: Int
    /// Whether the entry is a valid descriptor.
    public let isDescriptor: Bool
    /// Whether lists show the name.
    public fileprivate(set) var isListed: Bool
  }

  /// The names of the entries, each once, in the order of the entries.
  ///
  /// An entry has up to two names: a short one, the annotation ``Descriptor/referenceNameKey``, and the whole name of
  /// its image, ``Descriptor/imageNameKey``. A name stands for the first entry that has it as its short name, else for
  /// the first that has it as its whole name. Lists show short names, and all whole names too if one entry needs its own:
  /// the entry has no short name, or shares it with an entry of another whole name.
  public var namedEntries: [NamedEntry] {
    let names = names
    var firsts: [ReferenceName: Int] = [:]
    firsts.reserveCapacity(names.count)
    var shared: Set<ReferenceName> = []
    var isFirst = [Bool](repeating: false, count: names.count)
    for (position, name) in names.lazy.map(\.name).enumerated() {
      guard let name else { continue }
      if let first = firsts[name] {
        if !entries[position].hasImageName(of: entries[first]) { shared.insert(name) }
      } else {
        firsts[name] = position
        isFirst[position] = true
      }
    }
    var result: [NamedEntry] = []
    result.reserveCapacity(names.count)
    var imageNames: Set<ReferenceName> = []
    var unlisted: [Int] = []
    var needsImageName = false
    for (position, own) in names.enumerated() {
      if isFirst[position], let name = own.name {
        result.append(NamedEntry(name: name, position: position, isDescriptor: own.isDescriptor, isListed: true))
      }
      guard let imageName = own.imageName, firsts[imageName] == nil, imageNames.insert(imageName).inserted else {
        continue
      }
      if own.name.map(shared.contains) ?? true { needsImageName = true }
      unlisted.append(result.count)
      result.append(NamedEntry(name: imageName, position: position, isDescriptor: own.isDescriptor, isListed: false))
    }
    if needsImageName {
      for index in unlisted { result[index].isListed = true }
    }
    return result
  }

  private struct Names {
    var name: ReferenceName?
    var imageName: ReferenceName?
    var isDescriptor: Bool
  }

  /// The names of each entry.
  private var names: [Names] {
    var scanner = IndexEntryScanner(content)
    return text.items.indices.map { (position) in
      guard scanner.scan(from: text.items[position].start) != nil, scanner.isDescriptor else {
        let entry = entries[position]
        return Names(
          name: entry.name, imageName: entry.imageName, isDescriptor: (try? entry.descriptor.get()) != nil)
      }
      return Names(
        name: name(scanner.reference), imageName: readsImageNames ? name(scanner.image) : nil, isDescriptor: true)
    }
  }

  private func name(_ range: Range<Int>?) -> ReferenceName? {
    range.flatMap { try? ReferenceName(reading: String(decoding: content[$0], as: UTF8.self)) }
  }

  /// Returns the positions of the entries that none of these names stands for.
  package func positions(without names: [NamedEntry]) -> [Int] {
    var isNamed = [Bool](repeating: false, count: entries.count)
    for entry in names { isNamed[entry.position] = true }
    return isNamed.indices.filter { !isNamed[$0] }
  }

  /// Returns the entry that a name stands for; see ``namedEntries``.
  public func entry(named name: ReferenceName) -> Entry? {
    position(of: name).map { entries[$0] }
  }

  /// The descriptor of the first entry that has a digest and is a descriptor; `nil` if there is none.
  public func descriptor(of digest: Digest) -> Descriptor? {
    let hash = IndexEntryScanner.hash(digest.description.utf8)
    // Making a value of each entry takes half a second for 100,000 entries.
    for position in text.items.indices where text.items[position].hashes.digest == hash {
      if let descriptor = try? entries[position].descriptor.get(), descriptor.digest == digest { return descriptor }
    }
    return nil
  }

  func position(of name: ReferenceName) -> Int? {
    let hash = IndexEntryScanner.hash(name.description.utf8)
    let items = text.items
    return items.indices.first { items[$0].hashes.reference == hash && entries[$0].name == name }
      ?? items.indices.first { items[$0].hashes.image == hash && entries[$0].imageName == name }
  }
}

extension ImageIndex.Entry {
  /// Whether both have the same whole name, or none.
  func hasImageName(of other: Self) -> Bool {
    switch (imageNameText, other.imageNameText) {
    case (let text?, let otherText?): text.sameBytes(as: otherText)
    case (nil, nil): true
    default: false
    }
  }
}
