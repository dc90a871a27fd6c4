/// Reads the entries of an index one after the other, beside those of a known index that is probably similar.
struct IndexEntryReader {
  /// The entries until now.
  private(set) var items: [IndexText.Item] = []
  /// Whether an entry differs from its known one by the space between tokens.
  private(set) var isSpacedDifferently = false
  private let content: [UInt8]
  private let known: IndexText?
  private let comparesTokens: Bool
  private var scanner: IndexEntryScanner
  /// The entry of the known index that is expected next.
  private var next = 0
  /// The texts of the entries before ``kept``, known ones where the tokens are the same.
  private var texts: [ArraySlice<UInt8>] = []
  /// The known entries with which the entries until now end.
  private var kept: Range<Int>?

  /// - Parameter comparesTokens: whether entries are also found among the known ones if they differ by the space between
  ///   their tokens.
  init(_ content: [UInt8], like known: IndexText?, comparesTokens: Bool = false) {
    self.content = content
    self.known = known
    self.comparesTokens = comparesTokens && known != nil
    scanner = IndexEntryScanner(content)
    // Most tools add few entries.
    items.reserveCapacity((known?.items.count ?? 0) + 16)
  }

  /// Reads the entry at the position of a parser, and those behind it that are known.
  mutating func read(_ parser: inout JSONParser) throws(InvalidValue) {
    let start = parser.position
    if let known, let run = known.run(near: next, like: content, at: start) {
      let offset = start - known.items[run.lowerBound].start
      for item in known.items[run] { items.append(item.moved(by: offset)) }
      parser.position = known.items[run.upperBound - 1].end + offset
      next = run.upperBound
      keep(run)
      return
    }
    if comparesTokens, let known, let (position, end) = known.entry(near: next, withTokensOf: content, at: start) {
      items.append(IndexText.Item(start: start, end: end, hashes: known.items[position].hashes))
      parser.position = end
      next = position + 1
      isSpacedDifferently = true
      keep(position..<next)
      return
    }
    next += 1
    if let (end, hashes) = scanner.scan(from: start) {
      parser.position = end
      items.append(IndexText.Item(start: start, end: end, hashes: hashes))
    } else {
      let key = IndexEntryKey(try parser.value())
      items.append(IndexText.Item(start: start, end: parser.position, hashes: IndexEntryScanner.hashes(of: key)))
    }
    if comparesTokens {
      endKept()
      texts.append(content[start..<parser.position])
    }
  }

  /// Returns the value of `manifests` in pieces, with the known text of the entries that have known tokens.
  mutating func manifests() -> [ArraySlice<UInt8>] {
    endKept()
    let comma = [UInt8(ascii: ",")][...]
    var result = [[UInt8(ascii: "[")][...]]
    for text in texts {
      if result.count > 1 { result.append(comma) }
      result.append(text)
    }
    result.append([UInt8(ascii: "]")])
    return result
  }

  private mutating func keep(_ run: Range<Int>) {
    guard comparesTokens else { return }
    if let kept, kept.upperBound == run.lowerBound {
      self.kept = kept.lowerBound..<run.upperBound
    } else {
      endKept()
      kept = run
    }
  }

  private mutating func endKept() {
    guard let known, let kept else { return }
    texts.append(known.content[known.items[kept.lowerBound].start..<known.items[kept.upperBound - 1].end])
    self.kept = nil
  }
}
