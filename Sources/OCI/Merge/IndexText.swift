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
    if let known, known.content.span.hasBytes(of: content.span) {
      self = known
      return
    }
    var reader = IndexEntryReader(content, like: known)
    let outline = try IndexOutline(parsing: content) { (parser) throws(InvalidValue) in try reader.read(&parser) }
    self.init(content, reader.items, outline)
  }

  /// Parses an index that a process wrote on the base of a known one. Entries that have the tokens of known ones get their
  /// text.
  ///
  /// A tool writes the space between tokens in its own way, so that the text of each entry differs from the known one. A
  /// comparison of equal texts takes a fraction of the time and memory.
  ///
  /// - Throws: ``InvalidValue`` as ``ImageIndex/init(parsing:like:)``.
  public init(parsing content: [UInt8], spacedLike known: IndexText?) throws(InvalidValue) {
    switch try Self.read(content, spacedLike: known) {
    case .text(let text): self = text
    case .respaced(let content): try self.init(parsing: content, like: known)
    }
  }

  /// A text that was read beside a known one.
  private enum Reading {
    case text(IndexText)
    /// The content with the text of known entries. The places of entries in the other content are not kept with it.
    case respaced([UInt8])
  }

  private static func read(_ content: [UInt8], spacedLike known: IndexText?) throws(InvalidValue) -> Reading {
    var reader = IndexEntryReader(content, like: known, comparesTokens: true)
    let outline = try IndexOutline(parsing: content) { (parser) throws(InvalidValue) in try reader.read(&parser) }
    guard reader.isSpacedDifferently else { return .text(IndexText(content, reader.items, outline)) }
    return .respaced(outline.pieces(of: content, [(IndexOutline.manifests, reader.manifests())]).joinedBytes)
  }

  /// The entries, from one near a place on, whose text with all between them is that of another index.
  func run(near place: Int, like other: [UInt8], at start: Int) -> Range<Int>? {
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

  /// The entry near a place whose tokens are in another text at an index, and their end.
  func entry(near place: Int, withTokensOf other: [UInt8], at start: Int) -> (position: Int, end: Int)? {
    for position in [place, place + 1, place - 1, place + 2, place - 2] where items.indices.contains(position) {
      // After its brace an object cannot go on.
      guard content[items[position].end - 1] == UInt8(ascii: "}") else { continue }
      let tokens = content.span.extracting(items[position].range)
      if let count = other.span.extracting(start...).countOfTokens(of: tokens) { return (position, start + count) }
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
    pieces(annotations: [JSON.Member(IndexStamp.key, .string(stamp.text))] + unstampedAnnotations)
  }

  /// The text without a stamp.
  public var unstamped: [UInt8] {
    unstampedAnnotations.count == annotations.count ? content : pieces(annotations: unstampedAnnotations).joinedBytes
  }

  /// Returns the pieces of the text with other annotations of the index.
  private func pieces(annotations: [JSON.Member]) -> [ArraySlice<UInt8>] {
    outline.pieces(
      of: content,
      [(IndexOutline.annotations, annotations.isEmpty ? nil : [JSON.object(annotations).serialized[...]])])
  }

  /// The annotations of the index.
  var annotations: [JSON.Member] { outline.annotations }

  /// The annotations of the index without the stamp.
  var unstampedAnnotations: [JSON.Member] { annotations.filter { !$0.name.sameBytes(as: IndexStamp.key) } }

  /// The value of a member; `nil` if it is absent.
  subscript(member name: String) -> JSON? {
    outline[name].flatMap { try? JSONParser.parse(content, from: $0.value.lowerBound) }
  }

  /// Whether an entry has the tokens of one of another text.
  func hasTokens(at position: Int, of other: IndexText, at otherPosition: Int) -> Bool {
    let (item, otherItem) = (items[position], other.items[otherPosition])
    guard item.hashes == otherItem.hashes else { return false }
    return content.span.extracting(item.range).hasTokens(of: other.content.span.extracting(otherItem.range))
  }

  func bytes(at position: Int) -> ArraySlice<UInt8> { content[items[position].range] }

  func value(at position: Int) -> JSON {
    // The text was parsed before.
    (try? JSONParser.parse(content, from: items[position].start)) ?? .null
  }

  /// Returns the pieces of the text with other entries. Those that stay are one piece with what is between them.
  ///
  /// - Parameter replacements: texts of entries in place of one, by its position; none removes it.
  /// - Parameter added: texts of entries behind the last one.
  func replacing(
    _ replacements: [Int: [ArraySlice<UInt8>]], appending added: [ArraySlice<UInt8>] = []
  ) -> [ArraySlice<UInt8>] {
    outline.pieces(of: content, [(IndexOutline.manifests, manifests(replacing: replacements, appending: added))])
  }

  /// Returns the value of `manifests` with other entries, as ``replacing(_:appending:)``, in pieces.
  func manifests(
    replacing replacements: [Int: [ArraySlice<UInt8>]], appending added: [ArraySlice<UInt8>] = []
  ) -> [ArraySlice<UInt8>] {
    let comma = [UInt8(ascii: ",")][...]
    var result = [[UInt8(ascii: "[")][...]]
    func append(_ piece: ArraySlice<UInt8>) {
      if result.count > 1 { result.append(comma) }
      result.append(piece)
    }
    var next = 0
    func keep(upTo end: Int) {
      if next < end { append(content[items[next].start..<items[end - 1].end]) }
    }
    for (position, replacement) in replacements.sorted(by: { $0.key < $1.key }) {
      keep(upTo: position)
      for piece in replacement { append(piece) }
      next = position + 1
    }
    keep(upTo: items.count)
    for piece in added { append(piece) }
    result.append([UInt8(ascii: "]")])
    return result
  }

  /// The positions of the entries of one of these names, by their hashes.
  func positions(named hashes: Set<UInt64>) -> [Int] {
    if hashes.isEmpty { return [] }
    let hashes = HashFilter(hashes)
    return items.indices.filter { hashes.contains(items[$0].hashes.name) }
  }
}
