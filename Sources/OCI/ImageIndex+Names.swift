extension ImageIndex {
  /// A name, and the entry that it stands for.
  public struct NamedEntry: Sendable {
    /// The name.
    public let name: ReferenceName
    /// The entry's position in ``ImageIndex/entries``.
    public let position: Int
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
    var firsts: [ReferenceName: Int] = [:]
    var shared: Set<ReferenceName> = []
    var isFirst = [Bool](repeating: false, count: entries.count)
    for (position, entry) in entries.enumerated() {
      guard let name = entry.name else { continue }
      if let first = firsts[name] {
        if !entry.hasImageName(of: entries[first]) { shared.insert(name) }
      } else {
        firsts[name] = position
        isFirst[position] = true
      }
    }
    var result: [NamedEntry] = []
    var imageNames: Set<ReferenceName> = []
    var unlisted: [Int] = []
    var needsImageName = false
    for (position, entry) in entries.enumerated() {
      if isFirst[position], let name = entry.name {
        result.append(NamedEntry(name: name, position: position, isListed: true))
      }
      guard let imageName = entry.imageName, firsts[imageName] == nil, imageNames.insert(imageName).inserted else {
        continue
      }
      if entry.name.map(shared.contains) ?? true { needsImageName = true }
      unlisted.append(result.count)
      result.append(NamedEntry(name: imageName, position: position, isListed: false))
    }
    if needsImageName {
      for index in unlisted { result[index].isListed = true }
    }
    return result
  }

  /// Returns the entry that a name stands for; see ``namedEntries``.
  public func entry(named name: ReferenceName) -> Entry? {
    position(of: name).map { entries[$0] }
  }

  func position(of name: ReferenceName) -> Int? {
    entries.firstIndex { $0.name == name } ?? entries.firstIndex { $0.imageName == name }
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
