/// A descriptor of content: media type, digest, size, and further members (image-spec, `descriptor.md`).
///
/// Unknown members are kept, in their order. Equality ignores the order of members, and the annotations with the
/// names of an index entry.
public struct Descriptor: Sendable, CustomStringConvertible {
  /// The annotation with the name of an index entry (image-spec, `annotations.md`).
  public static let referenceNameKey = "org.opencontainers.image.ref.name"
  /// The annotation with the whole name of an entry's image, as containerd, Docker and BuildKit write it.
  ///
  /// ``referenceNameKey`` has the tag alone then, which images of several repositories share.
  public static let imageNameKey = "io.containerd.image.name"

  /// The nesting limit of a descriptor, so that it can be an entry of an index.
  private static let maximumDepth = JSONParser.maximumDepth - 2

  /// The type of the content.
  public let mediaType: String
  /// The digest of the content.
  public let digest: Digest
  /// The length of the content in bytes.
  public let size: Int64
  /// All members; `nil` if they are those of ``init(mediaType:digest:size:)``. A store can have many descriptors, and most
  /// need no memory besides the value itself then.
  private let more: [JSON.Member]?

  /// Creates a descriptor without annotations.
  public init(mediaType: String, digest: Digest, size: Int64) {
    self.mediaType = MediaType.shared(mediaType)
    self.digest = digest
    self.size = size
    more = nil
  }

  /// Creates a descriptor from its JSON value.
  ///
  /// - Throws: ``InvalidValue`` if a required member is absent or malformed.
  public init(_ value: JSON) throws(InvalidValue) {
    guard case .object(let members) = value else { throw InvalidValue("not a JSON object") }
    guard value.isNested(atMost: Self.maximumDepth) else {
      throw InvalidValue("descriptor nested more than \(Self.maximumDepth) levels deep", exceedsBounds: true)
    }
    guard let mediaType = value["mediaType"]?.text, !mediaType.isEmpty else {
      throw InvalidValue("descriptor without mediaType")
    }
    guard let digest = value["digest"]?.text else { throw InvalidValue("descriptor without digest") }
    guard let size = value["size"]?.integer, size >= 0 else {
      throw InvalidValue("descriptor without a valid size")
    }
    if let annotations = value["annotations"], annotations != .null {
      // A `null` annotation counts as absent.
      guard case .object(let entries) = annotations,
        entries.allSatisfy(\.value.isTextOrNull)
      else {
        throw InvalidValue("descriptor with annotations that are not strings")
      }
    }
    self.init(mediaType: mediaType, digest: try Digest(digest), size: size, members: members)
  }

  /// Parses the JSON text of a descriptor.
  ///
  /// - Throws: ``InvalidValue`` if it is not a descriptor.
  public init(parsing text: [UInt8]) throws(InvalidValue) {
    try self.init(JSON(parsing: text))
  }

  /// The descriptor as a JSON value.
  public var json: JSON { .object(more ?? Self.members(mediaType, digest, size)) }

  private static func members(_ mediaType: String, _ digest: Digest, _ size: Int64) -> [JSON.Member] {
    [
      JSON.Member("mediaType", .string(mediaType)), JSON.Member("digest", .string(digest.description)),
      JSON.Member("size", .number(String(size))),
    ]
  }

  /// Returns the value of an annotation; `nil` if it is absent.
  public func annotation(_ key: String) -> String? {
    json["annotations"]?[key]?.text
  }

  /// Returns the descriptor with a name as an index entry, or without one.
  public func named(_ name: ReferenceName?) -> Descriptor {
    annotated(Self.referenceNameKey, name?.description)
  }

  /// Returns the descriptor with the whole name of an image, or without one.
  public func imageNamed(_ name: ReferenceName?) -> Descriptor {
    annotated(Self.imageNameKey, name?.description)
  }

  private func annotated(_ key: String, _ value: String?) -> Descriptor {
    if more == nil, value == nil { return self }
    guard case .object(let members) = json.annotated(key, value) else { return self }
    return Descriptor(mediaType: mediaType, digest: digest, size: size, members: members)
  }

  private init(mediaType: String, digest: Digest, size: Int64, members: [JSON.Member]) {
    self.mediaType = MediaType.shared(mediaType)
    self.digest = digest
    self.size = size
    let isPlain = members.count == 3 && JSON.object(members) == .object(Self.members(mediaType, digest, size))
    more = isPlain ? nil : members
  }

  /// The descriptor as one line of JSON, without a newline.
  public var description: String { String(decoding: json.serialized, as: UTF8.self) }
}

extension Descriptor: Hashable {
  /// Compares the canonical JSON of both, without the name of an entry.
  public static func == (left: Descriptor, right: Descriptor) -> Bool {
    guard left.digest == right.digest else { return false }
    if left.more == nil, right.more == nil {
      return left.size == right.size && left.mediaType.sameBytes(as: right.mediaType)
    }
    return left.meaning.serialized == right.meaning.serialized
  }

  /// Hashes the digest, which equal descriptors share.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(digest)
  }

  /// The canonical JSON, without the name of an entry and without members that are `null`.
  private var meaning: JSON {
    guard case .object(let members) = named(nil).imageNamed(nil).json else { return .null }
    return JSON.object(members.filter { $0.value != .null }).canonical
  }
}
