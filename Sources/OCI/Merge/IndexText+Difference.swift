extension IndexText {
  /// The positions of the entries in each of two texts that the other has not.
  package static func difference(_ old: IndexText, _ new: IndexText) -> (old: [Int], new: [Int]) {
    func isSame(_ position: Int, _ other: Int) -> Bool {
      old.items[position].hashes == new.items[other].hashes && old.bytes(at: position) == new.bytes(at: other)
    }
    let count = min(old.items.count, new.items.count)
    let (entries, others) = (old.entryRange, new.entryRange)
    // Entries at equal places in equal text are equal. Between two versions the annotations before the entries differ.
    let prefix = old.content.span.extracting(entries)
      .countOfCommonPrefix(with: new.content.span.extracting(others))
    let shift = others.lowerBound - entries.lowerBound
    var begin = 0
    while begin < count, old.items[begin].end <= entries.lowerBound + prefix,
      old.items[begin].moved(by: shift).range == new.items[begin].range
    { begin += 1 }
    while begin < count, isSame(begin, begin) { begin += 1 }
    let suffix = old.content.span.extracting(entries)
      .countOfCommonSuffix(with: new.content.span.extracting(others))
    let endShift = others.upperBound - entries.upperBound
    var tail = 0
    while tail < count - begin {
      let (item, other) = (old.items[old.items.count - 1 - tail], new.items[new.items.count - 1 - tail])
      guard item.start >= entries.upperBound - suffix, item.moved(by: endShift).range == other.range else { break }
      tail += 1
    }
    while tail < count - begin, isSame(old.items.count - 1 - tail, new.items.count - 1 - tail) { tail += 1 }
    // Tools shuffle entries, so the rest is compared by content.
    var places: [IndexEntryScanner.Hashes: [Int]] = [:]
    for position in begin..<old.items.count - tail { places[old.items[position].hashes, default: []].append(position) }
    var added: [Int] = []
    var kept: Set<Int> = []
    for position in begin..<new.items.count - tail {
      let hashes = new.items[position].hashes
      let found = places[hashes]?.firstIndex { isSame($0, position) }
      if let found, let place = places[hashes]?.remove(at: found) { kept.insert(place) } else { added.append(position) }
    }
    return ((begin..<old.items.count - tail).filter { !kept.contains($0) }, added)
  }

  /// The place of the entries with what is between them.
  private var entryRange: Range<Int> { (items.first?.start ?? 0)..<(items.last?.end ?? 0) }

  /// The change that turns one text into another: entries that it removes and adds, and all annotations of the index.
  package struct Difference: Sendable {
    fileprivate struct Entry: Sendable {
      let bytes: [UInt8]
      let hashes: IndexEntryScanner.Hashes
    }

    fileprivate let removed: [Entry]
    fileprivate let added: [Entry]
    fileprivate let annotations: [JSON.Member]
    /// The approximate size in memory, in bytes.
    package let size: Int

    /// Compares two texts.
    package init(from old: IndexText, to new: IndexText) {
      self.init(from: old, to: new, IndexText.difference(old, new))
    }

    /// Takes the entries that differ from two texts.
    ///
    /// - Parameter difference: their positions, as ``IndexText/difference(_:_:)`` has them.
    package init(from old: IndexText, to new: IndexText, _ difference: (old: [Int], new: [Int])) {
      let (removed, added) = difference
      self.removed = removed.map { Entry(bytes: Array(old.bytes(at: $0)), hashes: old.items[$0].hashes) }
      self.added = added.map { Entry(bytes: Array(new.bytes(at: $0)), hashes: new.items[$0].hashes) }
      annotations = new.annotations.filter { !$0.name.sameBytes(as: IndexStamp.key) }
      size =
        (self.removed + self.added).reduce(128) { $0 + $1.bytes.count + 64 }
        + annotations.reduce(0) { $0 + $1.value.serialized.count + $1.name.utf8.count }
    }
  }

  /// Returns the text after several changes, the first one first. Its entries are in another order.
  package func applying(_ changes: some Sequence<Difference>) -> IndexText {
    var counts: [[UInt8]: Int] = [:]
    var hashes: [[UInt8]: IndexEntryScanner.Hashes] = [:]
    var outline = IndexOutline(manifests: 0..<0)
    outline.annotations = annotations
    for change in changes {
      for entry in change.removed {
        counts[entry.bytes, default: 0] -= 1
        hashes[entry.bytes] = entry.hashes
      }
      for entry in change.added {
        counts[entry.bytes, default: 0] += 1
        hashes[entry.bytes] = entry.hashes
      }
      outline.annotations = change.annotations
    }
    let touched = Set(hashes.values)
    var content: [UInt8] = []
    content.reserveCapacity(self.content.count)
    var items: [Item] = []
    for (position, item) in self.items.enumerated() {
      if touched.contains(item.hashes), let count = counts[Array(bytes(at: position))], count < 0 {
        counts[Array(bytes(at: position))] = count + 1
        continue
      }
      items.append(item.moved(by: content.count - item.start))
      content += bytes(at: position)
    }
    for (bytes, count) in counts where count > 0 {
      guard let hashes = hashes[bytes] else { continue }
      for _ in 0..<count {
        items.append(Item(start: content.count, end: content.count + bytes.count, hashes: hashes))
        content += bytes
      }
    }
    return IndexText(content, items, outline)
  }
}
