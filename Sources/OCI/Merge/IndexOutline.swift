/// The members of an index, and their places in its text.
struct IndexOutline: Sendable {
  /// A member in the text.
  struct Member: Sendable {
    let name: String
    /// Where the name begins, with its quote.
    let start: Int
    /// The place of the value.
    let value: Range<Int>
  }

  static let manifests = "manifests"
  static let annotations = "annotations"

  /// The annotations of the index; none if they are absent or not an object.
  var annotations: [JSON.Member] = []
  /// The members in the order of the text.
  let members: [Member]
  private let positions: NamePositions
  /// Where a member is inserted.
  private let afterBrace: Int

  /// Writes an object with these members, whose values are JSON, at the end of a text.
  init(writing members: [(name: String, value: ArraySlice<UInt8>)], to content: inout [UInt8]) {
    content.append(UInt8(ascii: "{"))
    afterBrace = content.count
    var places: [Member] = []
    for (index, member) in members.enumerated() {
      if index > 0 { content.append(UInt8(ascii: ",")) }
      let start = content.count
      content += JSON.string(member.name).serialized
      content.append(UInt8(ascii: ":"))
      let value = content.count
      content += member.value
      places.append(Member(name: member.name, start: start, value: value..<content.count))
    }
    content.append(UInt8(ascii: "}"))
    self.members = places
    positions = NamePositions(places.lazy.map(\.name))
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
    var members: [Member] = []
    try parser.skipSpace()
    afterBrace = parser.position + 1
    var end = afterBrace
    try parser.object { (name, parser) throws(InvalidValue) in
      // Between two members are white space and a comma.
      let start = content[end...].firstIndex(of: UInt8(ascii: "\"")) ?? end
      try parser.skipSpace()
      let value = parser.position
      switch name {
      case _ where name.sameBytes(as: Self.manifests):
        if content[value] == UInt8(ascii: "n") { _ = try parser.value() } else { try parser.array(entry) }
      case _ where name.sameBytes(as: Self.annotations): annotations = try parser.value()
      case _ where name.sameBytes(as: "schemaVersion"): version = try parser.value()
      default: _ = try parser.value()
      }
      end = parser.position
      members.append(Member(name: name, start: start, value: value..<end))
    }
    try parser.end()
    if let version, version != .null, version.integer != 2 { throw InvalidValue("schemaVersion is not 2") }
    self.members = members
    positions = NamePositions(members.lazy.map(\.name))
    self.annotations = annotations?.members ?? []
  }

  subscript(name: String) -> Member? { positions[name].map { members[$0] } }

  /// Returns the pieces of the text with other members, which share their memory with the texts that they are from.
  ///
  /// - Parameter changes: the new values by name, as JSON in pieces; `nil` removes a member. New members stand before the
  ///   others.
  func pieces(
    of content: [UInt8], _ changes: [(name: String, value: [ArraySlice<UInt8>]?)]
  ) -> [ArraySlice<UInt8>] {
    let comma = [UInt8(ascii: ",")][...]
    var result = [content[..<afterBrace]]
    var isFirst = true
    func separate() {
      if !isFirst { result.append(comma) }
      isFirst = false
    }
    for case (let name, let value?) in changes where self[name] == nil {
      separate()
      result += [JSON.string(name).serialized[...], [UInt8(ascii: ":")]] + value
    }
    let places = NamePositions(changes.lazy.map(\.name))
    var end = afterBrace
    for member in members {
      let change = places[member.name].map { changes[$0] }
      defer { end = member.value.upperBound }
      if let change, change.value == nil { continue }
      let between = content[end..<member.start]
      let separator = between.firstIndex(of: comma[0])
      // The member before it may be a new one, or was removed.
      if isFirst || separator == nil {
        separate()
        result.append(separator.map { between[($0 + 1)...] } ?? between)
      } else {
        result.append(between)
      }
      result.append(content[member.start..<member.value.lowerBound])
      result += change?.value ?? [content[member.value]]
    }
    result.append(content[end...])
    return result
  }
}

extension [ArraySlice<UInt8>] {
  /// The number of bytes of all pieces.
  package var byteCount: Int { reduce(0) { $0 + $1.count } }

  /// The bytes of all pieces.
  package var joinedBytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(byteCount)
    for piece in self { result += piece }
    return result
  }

  /// Whether all pieces together are a text.
  package func hasBytes(of text: [UInt8]) -> Bool {
    var place = 0
    for piece in self {
      guard piece.count <= text.count - place,
        piece.span.hasBytes(of: text.span.extracting(place..<place + piece.count))
      else { return false }
      place += piece.count
    }
    return place == text.count
  }
}
