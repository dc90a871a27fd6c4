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
  }

  /// The entries in the order of the file. Each access reads one from the text.
  public struct Entries: RandomAccessCollection, Sendable {
    fileprivate let text: IndexText
    fileprivate let readsImageNames: Bool

    /// Always 0.
    public var startIndex: Int { 0 }
    /// The number of entries.
    public var endIndex: Int { text.items.count }

    /// The entry at a position.
    public subscript(position: Int) -> Entry {
      Entry(text.value(at: position), readsImageName: readsImageNames)
    }
  }

  /// The maximum size of an index that is read, in bytes.
  public static let maximumSize = 64 << 20
  /// The file name in a layout.
  public static let fileName = "index.json"
  /// The content of the file, and the places of its entries.
  public let text: IndexText
  /// Whether whole names of images count; a store that lists its references has the names that it lists, and no others.
  let readsImageNames: Bool

  /// Creates an index without entries.
  public init() {
    var content: [UInt8] = []
    let outline = IndexOutline(
      writing: [
        ("schemaVersion", [UInt8(ascii: "2")]), ("mediaType", JSON.string(MediaType.imageIndex).serialized[...]),
        (IndexOutline.manifests, Array("[]".utf8)[...]),
      ], to: &content)
    text = IndexText(content, [], outline)
    readsImageNames = true
  }

  /// Creates an index with these entries, in their order.
  ///
  /// - Throws: ``InvalidValue`` if they are nested too deep.
  public init(listing entries: [JSON]) throws(InvalidValue) {
    text = try IndexText(parsing: Self.document(listing: entries).serialized)
    readsImageNames = false
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
  /// - Parameter known: an index that is probably similar, in which equal pieces are not looked at again.
  /// - Throws: ``InvalidValue`` with the position of the error.
  public init(parsing content: [UInt8], like known: ImageIndex? = nil) throws(InvalidValue) {
    text = try IndexText(parsing: content, like: known?.text)
    readsImageNames = true
  }

  /// The content of the file.
  public var content: [UInt8] { text.content }

  /// Whether an entry is the same as that of another index: its bytes are, or its descriptor is.
  package func hasEntry(at position: Int, of other: ImageIndex, at otherPosition: Int) -> Bool {
    if text.bytes(at: position) == other.text.bytes(at: otherPosition) { return true }
    guard let descriptor = try? entries[position].descriptor.get() else { return false }
    return descriptor == (try? other.entries[otherPosition].descriptor.get())
  }

  /// The elements of `manifests`.
  public var entries: Entries { Entries(text: text, readsImageNames: readsImageNames) }
}

extension ImageIndex.Entry {
  fileprivate init(_ value: JSON, readsImageName: Bool) {
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
  }
}
