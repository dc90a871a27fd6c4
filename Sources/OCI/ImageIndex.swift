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
  private let outline: IndexOutline

  /// Creates an index without entries.
  public init() {
    content = Array("{\"schemaVersion\":2,\"mediaType\":\"\(MediaType.imageIndex)\",\"manifests\":[]}".utf8)
    entries = []
    outline = IndexOutline(manifests: content.count - 3..<content.count - 1)
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
    var entries: [Entry] = []
    outline = try IndexOutline(parsing: content) { (parser) throws(InvalidValue) in
      let start = parser.position
      let value = try parser.value()
      entries.append(Entry(value, range: start..<parser.position, readsImageName: readsImageNames))
    }
    self.content = content
    self.entries = entries
  }

  /// Returns the bytes of the index with other entries or annotations; `nil` keeps those that it has.
  func replacing(entries: [ArraySlice<UInt8>]? = nil, annotations: [JSON.Member]? = nil) -> [UInt8] {
    outline.replacing(in: content, entries: entries, annotations: annotations)
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
