/// An index: the file `index.json` of a layout, or an image index among its blobs (image-spec, `image-index.md`).
///
/// Made from the file's bytes, it gives the bytes of a changed file in which every entry that the change does not
/// concern, and every member besides `manifests`, stands as it stood.
public struct ImageIndex: Sendable {
  /// One of the index's `manifests`.
  public struct Entry: Sendable {
    /// The name in its annotation, when it has a safe one.
    public let name: ReferenceName?
    /// Why the name in its annotation is not safe, when there is one that is not.
    public let unusableName: InvalidValue?
    /// What it describes, or why it is no descriptor.
    public let descriptor: Result<Descriptor, InvalidValue>
    fileprivate let range: Range<Int>
  }

  /// The longest file that is read, in bytes.
  public static let maximumSize = 64 << 20
  /// The name of the file in a layout.
  public static let fileName = "index.json"
  /// The file's content.
  public let content: [UInt8]
  /// The entries, in the order of the file.
  public let entries: [Entry]
  private let list: List

  /// Where the file has its entries.
  private enum List {
    case array(Range<Int>)
    case null(Range<Int>)
    case absent(afterBrace: Int, isOnlyMember: Bool)
  }

  /// An index without entries.
  public init() {
    content = Array("{\"schemaVersion\":2,\"mediaType\":\"\(MediaType.imageIndex)\",\"manifests\":[]}".utf8)
    entries = []
    list = .array(content.count - 3..<content.count - 1)
  }

  /// An index of these entries, in their order.
  ///
  /// - Throws: that there are too many.
  public init(listing entries: [JSON]) throws(InvalidValue) {
    let members = [
      JSON.Member("schemaVersion", .number("2")), JSON.Member("mediaType", .string(MediaType.imageIndex)),
      JSON.Member("manifests", .array(entries)),
    ]
    try self.init(parsing: JSON.object(members).serialized)
  }

  /// Reads an index's JSON text. An entry that is no descriptor is kept and reported by the entry alone.
  ///
  /// - Throws: what is wrong with it and at which byte.
  public init(parsing content: [UInt8]) throws(InvalidValue) {
    var parser = JSONParser(content)
    var entries: [Entry] = []
    var list: List?
    var version: JSON?
    try parser.skipSpace()
    let afterBrace = parser.position + 1
    var isEmpty = true
    try parser.object { (name, parser) throws(InvalidValue) in
      isEmpty = false
      try parser.skipSpace()
      guard name.sameBytes(as: "manifests") else {
        let value = try parser.value()
        if name.sameBytes(as: "schemaVersion") { version = value }
        return
      }
      let start = parser.position
      if content[start] == UInt8(ascii: "n") {
        _ = try parser.value()
        list = .null(start..<parser.position)
        return
      }
      try parser.array { (parser) throws(InvalidValue) in
        let start = parser.position
        let value = try parser.value()
        entries.append(Entry(value, range: start..<parser.position))
      }
      list = .array(start..<parser.position)
    }
    try parser.end()
    if let version, version.integer != 2 { throw InvalidValue("its schemaVersion is not 2") }
    self.content = content
    self.entries = entries
    self.list = list ?? .absent(afterBrace: afterBrace, isOnlyMember: isEmpty)
  }

  /// The first entry of that name.
  public func entry(named name: ReferenceName) -> Entry? {
    entries.first { $0.name == name }
  }

  /// The bytes of the index with a descriptor under a name, in the place of the first entry that has the name, or
  /// at the end; further entries of that name go.
  public func setting(_ descriptor: Descriptor, named name: ReferenceName) -> [UInt8] {
    let addition = descriptor.named(name).json.serialized
    var kept: [ArraySlice<UInt8>] = []
    var isPlaced = false
    for entry in entries {
      if entry.name != name {
        kept.append(content[entry.range])
      } else if !isPlaced {
        isPlaced = true
        kept.append(addition[...])
      }
    }
    if !isPlaced { kept.append(addition[...]) }
    return replacingEntries(with: kept)
  }

  /// The bytes of the index without the entries of a name; `nil` when there are none.
  public func removing(_ name: ReferenceName) -> [UInt8]? {
    let kept = entries.filter { $0.name != name }
    guard kept.count < entries.count else { return nil }
    return replacingEntries(with: kept.map { content[$0.range] })
  }

  /// The bytes of the index with the first descriptor of one name under another instead: in the place of the entries
  /// that have the other name, and with no entry of the first; `nil` when there is no descriptor of the first.
  public func moving(_ name: ReferenceName, to other: ReferenceName) -> [UInt8]? {
    guard let descriptor = try? entry(named: name)?.descriptor.get(), name != other,
      let moved = try? ImageIndex(parsing: setting(descriptor, named: other))
    else { return nil }
    return moved.removing(name)
  }

  private func replacingEntries(with entries: [ArraySlice<UInt8>]) -> [UInt8] {
    var array: [UInt8] = [UInt8(ascii: "[")]
    for (index, entry) in entries.enumerated() {
      if index > 0 { array.append(UInt8(ascii: ",")) }
      array.append(contentsOf: entry)
    }
    array.append(UInt8(ascii: "]"))
    switch list {
    case .array(let range), .null(let range):
      return Array(content[..<range.lowerBound]) + array + content[range.upperBound...]
    case .absent(let afterBrace, let isOnlyMember):
      let member = Array("\"manifests\":".utf8) + array + (isOnlyMember ? [] : [UInt8(ascii: ",")])
      return Array(content[..<afterBrace]) + member + content[afterBrace...]
    }
  }
}

extension ImageIndex.Entry {
  fileprivate init(_ value: JSON, range: Range<Int>) {
    let text = value["annotations"]?[Descriptor.referenceNameKey]?.text
    switch text.map({ (text) in Result { () throws(InvalidValue) in try ReferenceName(reading: text) } }) {
    case .success(let name): (self.name, unusableName) = (name, nil)
    case .failure(let error): (name, unusableName) = (nil, error)
    case nil: (name, unusableName) = (nil, nil)
    }
    descriptor = Result { () throws(InvalidValue) in try Descriptor(value) }
    self.range = range
  }
}
