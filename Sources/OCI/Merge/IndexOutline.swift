/// The members of an index that edits replace, and their places in its text.
struct IndexOutline: Sendable {
  /// The annotations of the index; none if they are absent or not an object.
  var annotations: [JSON.Member] = []
  private var manifests: Range<Int>?
  private var annotationsRange: Range<Int>?
  /// Where a member is inserted.
  private var afterBrace: Int
  /// Whether the index has no member.
  private var isEmpty: Bool

  /// The outline of an index with the one member `manifests`, whose value is there.
  init(manifests: Range<Int>) {
    self.manifests = manifests
    afterBrace = 1
    isEmpty = false
  }

  /// Parses an index. `entry` parses each element of `manifests`, or several with what is between them.
  ///
  /// - Throws: ``InvalidValue`` with the position of the error.
  init(
    parsing content: [UInt8], _ entry: (inout JSONParser) throws(InvalidValue) -> Void
  ) throws(InvalidValue) {
    var parser = JSONParser(content)
    var annotations: JSON?
    var version: JSON?
    try parser.skipSpace()
    var outline = Self(manifests: 0..<0)
    (outline.manifests, outline.afterBrace, outline.isEmpty) = (nil, parser.position + 1, true)
    try parser.object { (name, parser) throws(InvalidValue) in
      outline.isEmpty = false
      try parser.skipSpace()
      let start = parser.position
      switch name {
      case _ where name.sameBytes(as: "manifests"):
        if content[start] == UInt8(ascii: "n") { _ = try parser.value() } else { try parser.array(entry) }
        outline.manifests = start..<parser.position
      case _ where name.sameBytes(as: "annotations"):
        annotations = try parser.value()
        outline.annotationsRange = start..<parser.position
      case _ where name.sameBytes(as: "schemaVersion"): version = try parser.value()
      default: _ = try parser.value()
      }
    }
    try parser.end()
    if let version, version != .null, version.integer != 2 { throw InvalidValue("schemaVersion is not 2") }
    outline.annotations = annotations?.members ?? []
    self = outline
  }

  /// Returns the text with other entries or annotations; `nil` keeps those that it has.
  ///
  /// - Parameter entries: pieces of text, between which commas are put: entries, or several with their commas.
  func replacing(
    in content: [UInt8], entries: [ArraySlice<UInt8>]? = nil, annotations: [JSON.Member]? = nil
  ) -> [UInt8] {
    pieces(of: content, entries: entries, annotations: annotations).joinedBytes
  }

  /// Returns the pieces of the text with other entries or annotations, which share their memory with the texts that they are
  /// from.
  func pieces(
    of content: [UInt8], entries: [ArraySlice<UInt8>]? = nil, annotations: [JSON.Member]? = nil
  ) -> [ArraySlice<UInt8>] {
    let list = entries.map { Self.list($0) }
    let annotations = annotations.map { JSON.object($0).serialized[...] }
    var result: [ArraySlice<UInt8>] = []
    var end = 0
    if list != nil && manifests == nil || annotations != nil && annotationsRange == nil {
      result.append(content[..<afterBrace])
      end = afterBrace
      var isFirst = true
      if let list, manifests == nil {
        result.append(Array("\"manifests\":".utf8)[...])
        result += list
        isFirst = false
      }
      if let annotations, annotationsRange == nil {
        result += [Array("\(isFirst ? "" : ",")\"annotations\":".utf8)[...], annotations]
      }
      if !isEmpty { result.append([UInt8(ascii: ",")]) }
    }
    let ranges = [list == nil ? nil : manifests, annotations == nil ? nil : annotationsRange].compactMap(\.self)
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      result.append(content[end..<range.lowerBound])
      if let list, range == manifests { result += list } else if let annotations { result.append(annotations) }
      end = range.upperBound
    }
    result.append(content[end...])
    return result
  }

  private static func list(_ entries: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = [[UInt8(ascii: "[")]]
    result.reserveCapacity(2 * entries.count + 1)
    for (index, entry) in entries.enumerated() {
      if index > 0 { result.append([UInt8(ascii: ",")]) }
      result.append(entry)
    }
    result.append([UInt8(ascii: "]")])
    return result
  }
}

extension [ArraySlice<UInt8>] {
  /// The bytes of all pieces.
  package var joinedBytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(reduce(0) { $0 + $1.count })
    for piece in self { result += piece }
    return result
  }
}
