/// A reference to content: its media type, digest and size, and what else is said of it (image-spec,
/// `descriptor.md`).
///
/// Members this library does not know are kept, in their order. Two descriptors are equal when they mean the same:
/// order and the annotation that names an index entry aside.
public struct Descriptor: Sendable, CustomStringConvertible {
  /// The annotation that names an entry of an index (image-spec, `annotations.md`).
  public static let referenceNameKey = "org.opencontainers.image.ref.name"

  /// How deep it may be nested, so that an index can have it as an entry.
  private static let maximumDepth = JSONParser.maximumDepth - 2

  /// The type of the content.
  public let mediaType: String
  /// The address of the content.
  public let digest: Digest
  /// The content's length in bytes.
  public let size: Int64
  private let members: [JSON.Member]

  /// Describes content without annotations.
  public init(mediaType: String, digest: Digest, size: Int64) {
    self.mediaType = mediaType
    self.digest = digest
    self.size = size
    members = [
      JSON.Member("mediaType", .string(mediaType)), JSON.Member("digest", .string(digest.description)),
      JSON.Member("size", .number(String(size))),
    ]
  }

  /// Takes a JSON value for a descriptor.
  ///
  /// - Throws: which of the required members is missing or wrong.
  public init(_ value: JSON) throws(InvalidValue) {
    guard case .object(let members) = value else { throw InvalidValue("a descriptor is a JSON object") }
    guard value.isNested(atMost: Self.maximumDepth) else {
      throw InvalidValue("a descriptor is nested more than \(Self.maximumDepth) deep", exceedsBounds: true)
    }
    guard let mediaType = value["mediaType"]?.text, !mediaType.isEmpty else {
      throw InvalidValue("a descriptor has a mediaType")
    }
    guard let digest = value["digest"]?.text else { throw InvalidValue("a descriptor has a digest") }
    guard let size = value["size"]?.integer, size >= 0 else {
      throw InvalidValue("a descriptor has a size, a whole number of bytes")
    }
    if let annotations = value["annotations"], annotations != .null {
      guard case .object(let entries) = annotations, entries.allSatisfy({ $0.value.text != nil }) else {
        throw InvalidValue("a descriptor's annotations are strings")
      }
    }
    self.mediaType = mediaType
    self.digest = try Digest(digest)
    self.size = size
    self.members = members
  }

  /// Reads a descriptor's JSON text.
  ///
  /// - Throws: what is wrong with it.
  public init(parsing text: [UInt8]) throws(InvalidValue) {
    try self.init(JSON(parsing: text))
  }

  /// The descriptor as a JSON value.
  public var json: JSON { .object(members) }

  /// The value of an annotation.
  public func annotation(_ key: String) -> String? {
    json["annotations"]?[key]?.text
  }

  /// The same descriptor as an index entry of this name, or without a name.
  public func named(_ name: ReferenceName?) -> Descriptor {
    var annotations: [JSON.Member] = []
    if case .object(let entries) = json["annotations"] ?? .null {
      annotations = entries.filter { $0.name != Self.referenceNameKey }
    }
    if let name { annotations.append(JSON.Member(Self.referenceNameKey, .string(name.description))) }
    var members = members
    let place = members.firstIndex { $0.name == "annotations" }
    if let place, annotations.isEmpty {
      members.remove(at: place)
    } else if let place {
      members[place].value = .object(annotations)
    } else if !annotations.isEmpty {
      members.append(JSON.Member("annotations", .object(annotations)))
    }
    return Descriptor(mediaType: mediaType, digest: digest, size: size, members: members)
  }

  private init(mediaType: String, digest: Digest, size: Int64, members: [JSON.Member]) {
    self.mediaType = mediaType
    self.digest = digest
    self.size = size
    self.members = members
  }

  /// The descriptor as one line of JSON, without the line's end.
  public var description: String { String(decoding: json.serialized, as: UTF8.self) }
}

extension Descriptor: Hashable {
  /// Whether both mean the same, the entry's name aside.
  public static func == (left: Descriptor, right: Descriptor) -> Bool {
    left.digest == right.digest && left.meaning.serialized == right.meaning.serialized
  }

  /// Feeds what equality compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(digest)
  }

  /// Canonical, nameless, and without members that say nothing.
  private var meaning: JSON {
    let members = named(nil).members.filter { $0.value != .null }
    return JSON.object(members).canonical
  }
}
