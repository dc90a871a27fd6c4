extension IndexText {
  /// The number of entries that two texts begin with, and where those begin that both end with.
  static func commonEntries(_ old: IndexText, _ new: IndexText) -> (prefix: Int, tails: IndexMatching.Pair) {
    func isSame(_ position: Int, _ other: Int) -> Bool {
      old.items[position].hashes == new.items[other].hashes && old.bytes(at: position) == new.bytes(at: other)
    }
    let count = min(old.items.count, new.items.count)
    // The store's index and the one that was served last are one text.
    if old.content.span.isIdentical(to: new.content.span) {
      return (count, IndexMatching.Pair(old: count, new: count))
    }
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
    return (begin, IndexMatching.Pair(old: old.items.count - tail, new: new.items.count - tail))
  }

  /// The place of the entries with what is between them.
  private var entryRange: Range<Int> { (items.first?.start ?? 0)..<(items.last?.end ?? 0) }

  /// The change that turns one text into another: entries that it removes and adds, and all other members of
  /// the index.
  package struct Difference: Sendable {
    fileprivate struct Entry: Sendable {
      let bytes: [UInt8]
      let hashes: IndexEntryScanner.Hashes
    }

    fileprivate let removed: [Entry]
    fileprivate let added: [Entry]
    /// The members of the new index beside its entries, with their values as JSON.
    fileprivate let members: [(name: String, value: ArraySlice<UInt8>)]
    fileprivate let annotations: [JSON.Member]
    /// The approximate size in memory, in bytes.
    package let size: Int

    /// Compares two texts.
    package init(from old: IndexText, to new: IndexText) {
      self.init(from: old, to: new, IndexMatching(old, new, .text))
    }

    init(from old: IndexText, to new: IndexText, _ matching: IndexMatching) {
      // Entries of equal values say the same, whichever text they have.
      removed = (matching.removed + matching.edited.map(\.old)).map {
        Entry(bytes: Array(old.bytes(at: $0)), hashes: old.items[$0].hashes)
      }
      added = (matching.added + matching.edited.map(\.new)).map {
        Entry(bytes: Array(new.bytes(at: $0)), hashes: new.items[$0].hashes)
      }
      annotations = new.unstampedAnnotations
      members = new.outline.members.filter { !$0.name.sameBytes(as: IndexOutline.manifests) }
        .map { ($0.name, Array(new.content[$0.value])[...]) }
      size =
        (removed + added).reduce(128) { $0 + $1.bytes.count + 64 }
        + members.reduce(0) { $0 + 2 * $1.value.count + $1.name.utf8.count + 64 }
    }

    /// Two short texts that differ by this change.
    package var texts: (old: [UInt8], new: [UInt8]) { (text(of: removed), text(of: added)) }

    private func text(of entries: [Entry]) -> [UInt8] {
      let list = entries.map(\.bytes).joined(separator: [UInt8(ascii: ",")])
      let manifests = [UInt8(ascii: "[")] + list + [UInt8(ascii: "]")]
      var content: [UInt8] = []
      _ = IndexOutline(writing: members + [(IndexOutline.manifests, manifests[...])], to: &content)
      return content
    }
  }

  /// Returns the text after several changes, the first one first. Its entries are in another order.
  package func applying(_ changes: some Sequence<Difference>) -> IndexText {
    var counts: [[UInt8]: Int] = [:]
    var hashes: [[UInt8]: IndexEntryScanner.Hashes] = [:]
    var last: Difference?
    for change in changes {
      for entry in change.removed {
        counts[entry.bytes, default: 0] -= 1
        hashes[entry.bytes] = entry.hashes
      }
      for entry in change.added {
        counts[entry.bytes, default: 0] += 1
        hashes[entry.bytes] = entry.hashes
      }
      last = change
    }
    guard let last else { return self }
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
    var outline = IndexOutline(writing: last.members, to: &content)
    outline.annotations = last.annotations
    return IndexText(content, items, outline)
  }
}
