/// An index: the file `index.json` of a layout, or an image index among its blobs (image-spec, `image-index.md`).
///
/// Edits work on the text and return the bytes of the new file. Entries that an edit does not concern, and members other
/// than `manifests`, keep their bytes.
public struct ImageIndex: Sendable {
  /// An element of `manifests`.
  public struct Entry: Sendable {
    /// The name in its annotation; `nil` if it has none or an unsafe one.
    public let name: ReferenceName?
    /// The reason why the name in its annotation is unsafe; `nil` if it is safe or absent.
    public let unusableName: InvalidValue?
    /// The whole name of the image (``Descriptor/imageNameKey``); `nil` if it has none or an unsafe one.
    public let imageName: ReferenceName?
    /// The text of that annotation, safe or not.
    let imageNameText: String?
    /// The descriptor, if only its digest algorithm makes it none.
    public let foreign: ForeignDescriptor?
    /// The descriptor, or the reason why the entry is not one.
    public let descriptor: Result<Descriptor, InvalidValue>
    let range: Range<Int>
  }

  /// The maximum size of an index that is read, in bytes.
  public static let maximumSize = 64 << 20
  /// The file name in a layout.
  public static let fileName = "index.json"
  /// The content of the file.
  public let content: [UInt8]
  /// The entries in the order of the file.
  public let entries: [Entry]
  /// The annotations of the index; none if they are absent or not an object.
  let annotations: [JSON.Member]
  private let places: Places

  /// The places of the members that edits replace.
  private struct Places {
    var manifests: Range<Int>?
    var annotations: Range<Int>?
    /// Where a member is inserted.
    var afterBrace: Int
    /// Whether the index has no member.
    var isEmpty = true
  }

  /// Creates an index without entries.
  public init() {
    content = Array("{\"schemaVersion\":2,\"mediaType\":\"\(MediaType.imageIndex)\",\"manifests\":[]}".utf8)
    entries = []
    annotations = []
    places = Places(manifests: content.count - 3..<content.count - 1, afterBrace: 1, isEmpty: false)
  }

  /// Creates an index with these entries, in their order.
  ///
  /// - Throws: ``InvalidValue`` if they are nested too deep.
  public init(listing entries: [JSON]) throws(InvalidValue) {
    // A store that lists its references has the names that it lists, and no others.
    try self.init(parsing: Self.document(listing: entries).serialized, readsImageNames: false)
  }

  /// Returns the JSON document of an index with these entries.
  package static func document(listing entries: [JSON]) -> JSON {
    .object([
      JSON.Member("schemaVersion", .number("2")), JSON.Member("mediaType", .string(MediaType.imageIndex)),
      JSON.Member("manifests", .array(entries)),
    ])
  }

  /// Parses the JSON text of an index. An entry that is not a descriptor is kept, and carries its error.
  ///
  /// - Throws: ``InvalidValue`` with the position of the error.
  public init(parsing content: [UInt8]) throws(InvalidValue) {
    try self.init(parsing: content, readsImageNames: true)
  }

  private init(parsing content: [UInt8], readsImageNames: Bool) throws(InvalidValue) {
    var parser = JSONParser(content)
    var entries: [Entry] = []
    var annotations: JSON?
    var version: JSON?
    try parser.skipSpace()
    var places = Places(afterBrace: parser.position + 1)
    try parser.object { (name, parser) throws(InvalidValue) in
      places.isEmpty = false
      try parser.skipSpace()
      let start = parser.position
      switch name {
      case _ where name.sameBytes(as: "manifests") && content[start] != UInt8(ascii: "n"):
        try parser.array { (parser) throws(InvalidValue) in
          let start = parser.position
          let value = try parser.value()
          entries.append(Entry(value, range: start..<parser.position, readsImageName: readsImageNames))
        }
        places.manifests = start..<parser.position
      case _ where name.sameBytes(as: "manifests"):
        _ = try parser.value()
        places.manifests = start..<parser.position
      case _ where name.sameBytes(as: "annotations"):
        annotations = try parser.value()
        places.annotations = start..<parser.position
      case _ where name.sameBytes(as: "schemaVersion"): version = try parser.value()
      default: _ = try parser.value()
      }
    }
    try parser.end()
    if let version, version != .null, version.integer != 2 { throw InvalidValue("schemaVersion is not 2") }
    self.content = content
    self.entries = entries
    self.annotations = annotations?.members ?? []
    self.places = places
  }

  /// Returns the value of an entry.
  func value(of entry: Entry) -> JSON {
    // The range was parsed before.
    (try? JSON(parsing: Array(content[entry.range]))) ?? .null
  }

  /// Returns the bytes of the index with other entries or annotations; `nil` keeps those that it has.
  func replacing(entries: [ArraySlice<UInt8>]? = nil, annotations: [JSON.Member]? = nil) -> [UInt8] {
    var edits: [(range: Range<Int>, value: [UInt8])] = []
    var additions: [UInt8] = []
    func replace(_ name: String, at range: Range<Int>?, with value: [UInt8]) {
      if let range {
        edits.append((range, value))
      } else {
        if !additions.isEmpty { additions.append(UInt8(ascii: ",")) }
        additions += Array("\"\(name)\":".utf8) + value
      }
    }
    if let entries { replace("manifests", at: places.manifests, with: Self.array(entries)) }
    if let annotations { replace("annotations", at: places.annotations, with: JSON.object(annotations).serialized) }
    if !additions.isEmpty {
      if !places.isEmpty { additions.append(UInt8(ascii: ",")) }
      edits.append((places.afterBrace..<places.afterBrace, additions))
    }
    var result: [UInt8] = []
    var end = 0
    for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      result += content[end..<edit.range.lowerBound] + edit.value
      end = edit.range.upperBound
    }
    return result + content[end...]
  }

  private static func array(_ entries: [ArraySlice<UInt8>]) -> [UInt8] {
    var array: [UInt8] = [UInt8(ascii: "[")]
    for (index, entry) in entries.enumerated() {
      if index > 0 { array.append(UInt8(ascii: ",")) }
      array.append(contentsOf: entry)
    }
    array.append(UInt8(ascii: "]"))
    return array
  }
}

extension ImageIndex.Entry {
  fileprivate init(_ value: JSON, range: Range<Int>, readsImageName: Bool) {
    let text = value["annotations"]?[Descriptor.referenceNameKey]?.text
    switch text.map({ (text) in Result { () throws(InvalidValue) in try ReferenceName(reading: text) } }) {
    case .success(let name): (self.name, unusableName) = (name, nil)
    case .failure(let error): (name, unusableName) = (nil, error)
    case nil: (name, unusableName) = (nil, nil)
    }
    imageNameText = readsImageName ? value["annotations"]?[Descriptor.imageNameKey]?.text : nil
    imageName = imageNameText.flatMap { try? ReferenceName(reading: $0) }
    descriptor = Result { () throws(InvalidValue) in try Descriptor(value) }
    if case .failure = descriptor { foreign = ForeignDescriptor(value) } else { foreign = nil }
    self.range = range
  }
}
