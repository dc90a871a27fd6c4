/// The text of an index, and where its entries are. Values are made of few of them, so that an index of 100,000 entries is
/// compared and merged about as fast as it is read.
public struct IndexText: Sendable {
  /// An entry in the text.
  struct Item: Sendable {
    var start: Int
    var end: Int
    var hashes: IndexEntryScanner.Hashes

    var range: Range<Int> { start..<end }

    /// The item of the same text elsewhere.
    func moved(by offset: Int) -> Item { Item(start: start + offset, end: end + offset, hashes: hashes) }
  }

  /// The text.
  public let content: [UInt8]
  let items: [Item]
  let outline: IndexOutline

  init(_ content: [UInt8], _ items: [Item], _ outline: IndexOutline) {
    self.content = content
    self.items = items
    self.outline = outline
  }

  /// Parses the text of an index.
  ///
  /// - Parameter known: an index that is probably similar, in which equal pieces are not looked at again.
  /// - Throws: ``InvalidValue`` as ``ImageIndex/init(parsing:like:)``.
  public init(parsing content: [UInt8], like known: IndexText? = nil) throws(InvalidValue) {
    if let known, known.content.count == content.count,
      known.content.span.countOfCommonPrefix(with: content.span) == content.count
    {
      self = known
      return
    }
    var items: [Item] = []
    // Most tools add few entries.
    items.reserveCapacity((known?.items.count ?? 0) + 16)
    var scanner = IndexEntryScanner(content)
    // The entry of the known index that is expected next.
    var next = 0
    let outline = try IndexOutline(parsing: content) { (parser) throws(InvalidValue) in
      let start = parser.position
      if let known, let run = known.run(near: next, like: content, at: start) {
        let offset = start - known.items[run.lowerBound].start
        for item in known.items[run] { items.append(item.moved(by: offset)) }
        parser.position = known.items[run.upperBound - 1].end + offset
        next = run.upperBound
        return
      }
      next += 1
      if let (end, hashes) = scanner.scan(from: start) {
        parser.position = end
        items.append(Item(start: start, end: end, hashes: hashes))
      } else {
        let key = IndexEntryKey(try parser.value())
        items.append(Item(start: start, end: parser.position, hashes: IndexEntryScanner.hashes(of: key)))
      }
    }
    self.init(content, items, outline)
  }

  /// The entries, from one near a place on, whose text with all between them is that of another index.
  private func run(near place: Int, like other: [UInt8], at start: Int) -> Range<Int>? {
    for first in min(max(0, place - 2), items.count)..<min(items.count, place + 3) {
      let begin = items[first].start
      let count = content.span.extracting(begin...).countOfCommonPrefix(with: other.span.extracting(start...))
      var end = first
      // After its brace an object cannot go on.
      while end < items.count, items[end].end <= begin + count, content[items[end].end - 1] == UInt8(ascii: "}") {
        end += 1
      }
      if end > first { return first..<end }
    }
    return nil
  }

  /// The stamp among the annotations of the index.
  public var stamp: IndexStamp? {
    annotations.first { $0.name.sameBytes(as: IndexStamp.key) }?.value.text.flatMap(IndexStamp.init)
  }

  /// The text with a stamp.
  public func stamped(_ stamp: IndexStamp) -> [UInt8] {
    pieces(stamped: stamp).joinedBytes
  }

  /// The pieces of the text with a stamp, which share the memory of the text.
  package func pieces(stamped stamp: IndexStamp) -> [ArraySlice<UInt8>] {
    outline.pieces(
      of: content,
      annotations: [JSON.Member(IndexStamp.key, .string(stamp.text))]
        + annotations.filter { !$0.name.sameBytes(as: IndexStamp.key) })
  }

  /// The text without a stamp.
  public var unstamped: [UInt8] {
    let others = annotations.filter { !$0.name.sameBytes(as: IndexStamp.key) }
    return others.count == annotations.count ? content : outline.replacing(in: content, annotations: others)
  }

  var annotations: [JSON.Member] { outline.annotations }

  func bytes(at position: Int) -> ArraySlice<UInt8> { content[items[position].range] }

  func value(at position: Int) -> JSON {
    // The text was parsed before.
    (try? JSONParser.parse(content, from: items[position].start)) ?? .null
  }

  /// Returns the text with other entries or annotations. Entries that stay are one piece with what is between them.
  ///
  /// - Parameter replacements: texts of entries in place of one, by its position; none removes it.
  /// - Parameter added: texts of entries behind the last one.
  /// - Parameter annotations: those of the index; `nil` keeps those that it has.
  func replacing(
    _ replacements: [Int: [ArraySlice<UInt8>]], appending added: [ArraySlice<UInt8>] = [],
    annotations: [JSON.Member]? = nil
  ) -> [UInt8] {
    var pieces: [ArraySlice<UInt8>] = []
    var next = 0
    func keep(upTo end: Int) {
      if next < end { pieces.append(content[items[next].start..<items[end - 1].end]) }
    }
    for (position, replacement) in replacements.sorted(by: { $0.key < $1.key }) {
      keep(upTo: position)
      pieces += replacement
      next = position + 1
    }
    keep(upTo: items.count)
    return outline.replacing(in: content, entries: pieces + added, annotations: annotations)
  }

  /// The entries that have one of these names, or none and one of these digests, or in any case one of other digests.
  func positions(_ names: Set<UInt64>, unnamed digests: Set<UInt64>, any others: Set<UInt64> = []) -> [Int] {
    let (names, digests, others) = (HashFilter(names), HashFilter(digests), HashFilter(others))
    return items.indices.filter { (position) in
      let hashes = items[position].hashes
      return hashes.name == 0
        ? digests.contains(hashes.digest) || others.contains(hashes.digest)
        : names.contains(hashes.name) || others.contains(hashes.digest)
    }
  }
}
