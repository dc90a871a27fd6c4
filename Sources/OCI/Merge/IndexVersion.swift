/// The entries of one version of an index, each identity once: the first entry that has it.
public struct IndexVersion: Sendable {
  struct Entry: Sendable {
    let key: IndexEntryKey
    let value: JSON
  }

  /// The entries in the order of the index.
  private(set) var entries: [Entry] = []
  private(set) var positions: [IndexEntryKey: Int] = [:]
  /// The annotations of the index, without the stamp.
  private(set) var annotations: [JSON.Member] = []

  /// A version without entries.
  public init() {}

  /// Reads the entries of an index.
  public init(_ index: ImageIndex) {
    self.init(index.text)
  }

  /// Reads some entries of a text; `nil` reads all.
  init(_ text: IndexText, _ positions: [Int]? = nil) {
    self.init((positions ?? Array(text.items.indices)).map { text.value(at: $0) }, annotations: text.annotations)
  }

  init(_ values: [JSON], annotations: [JSON.Member]) {
    self.annotations = annotations.filter { !$0.name.sameBytes(as: IndexStamp.key) }
    for value in values {
      let key = IndexEntryKey(value)
      if positions[key] != nil { continue }
      positions[key] = entries.count
      entries.append(Entry(key: key, value: value))
    }
  }

  subscript(key: IndexEntryKey) -> JSON? { positions[key].map { entries[$0].value } }

  /// The entries grouped by name, in the order of the first of each; entries without a name are the group `nil`.
  var groups: [(name: IndexEntryKey.Name?, entries: [Entry])] {
    var places: [IndexEntryKey.Name?: Int] = [:]
    var groups: [(name: IndexEntryKey.Name?, entries: [Entry])] = []
    for entry in entries {
      if let place = places[entry.key.name] {
        groups[place].entries.append(entry)
      } else {
        places[entry.key.name] = groups.count
        groups.append((entry.key.name, [entry]))
      }
    }
    return groups
  }
}
