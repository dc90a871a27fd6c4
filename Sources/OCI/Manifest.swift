/// The references of an image manifest or image index: config, layers, manifests and subject (image-spec, `manifest.md`,
/// `image-index.md`). Docker's schema 2 has the same members.
public struct Manifest: Sendable {
  /// The kind of a document.
  public enum Kind: Sendable {
    /// The manifest of one image.
    case image
    /// An index or list of manifests, usually for several platforms.
    case index
  }

  /// The maximum size of a manifest that is read, in bytes: 4 MiB, as in registries (distribution-spec).
  public static let maximumSize = 4 << 20

  /// The kind of the document.
  public let kind: Kind
  /// The configuration of the image.
  public let config: Descriptor?
  /// The layers of the image, the lowest first.
  public let layers: [Descriptor]
  /// The manifests of the index.
  public let manifests: [Descriptor]
  /// The manifest to which this one is attached.
  public let subject: Descriptor?
  /// The type of an artifact: the member `artifactType`, else the media type of the configuration (image-spec,
  /// `manifest.md`, "Guidelines for Artifact Usage"); `nil` if it has neither.
  public let artifactType: String?
  private let annotations: JSON

  /// Parses a manifest or an index.
  ///
  /// - Parameter mediaType: the media type in its descriptor. If it is not that of a manifest or an index, the content
  ///   determines the kind.
  /// - Throws: ``InvalidValue`` if the content is neither, or malformed.
  public init(parsing content: [UInt8], mediaType: String) throws(InvalidValue) {
    try self.init(JSON(parsing: content), mediaType: mediaType)
  }

  /// Reads the JSON value of a manifest or an index; see ``init(parsing:mediaType:)``.
  package init(_ value: JSON, mediaType: String) throws(InvalidValue) {
    guard case .object = value else { throw InvalidValue("not a JSON object") }
    switch Self.kind(of: mediaType) ?? MediaType.ofContent(value).flatMap(Self.kind) {
    case .image: kind = .image
    case .index: kind = .index
    case nil: throw InvalidValue("neither an image manifest nor an index")
    }
    config = try Self.descriptor("config", of: value)
    let type = value["artifactType"]?.text ?? ""
    artifactType = type.isEmpty ? config?.mediaType : type
    annotations = value["annotations"] ?? .null
    subject = try Self.descriptor("subject", of: value)
    layers = try Self.descriptors("layers", of: value)
    manifests = try Self.descriptors("manifests", of: value)
  }

  /// Returns the value of an annotation; `nil` if it is absent.
  public func annotation(_ key: String) -> String? { annotations[key]?.text }

  /// Returns the kind of document with a media type; `nil` for other content.
  public static func kind(of mediaType: String) -> Kind? {
    switch mediaType {
    case MediaType.imageManifest, MediaType.dockerManifest: .image
    case MediaType.imageIndex, MediaType.dockerManifestList: .index
    default: nil
    }
  }

  private static func descriptor(_ name: String, of value: JSON) throws(InvalidValue) -> Descriptor? {
    guard let member = value[name], member != .null else { return nil }
    return try Descriptor(member)
  }

  private static func descriptors(_ name: String, of value: JSON) throws(InvalidValue) -> [Descriptor] {
    switch value[name] {
    case .array(let elements):
      var descriptors: [Descriptor] = []
      for element in elements { descriptors.append(try Descriptor(element)) }
      return descriptors
    case .null, nil: return []
    default: throw InvalidValue("not an array: \(name)")
    }
  }
}

extension Descriptor {
  /// The platform of an index entry as one word: `OS-ARCHITECTURE` or `OS-ARCHITECTURE-VARIANT`, such as `linux-arm64-v8`;
  /// `nil` if the entry has no platform.
  package var platformName: String? {
    guard let platform = json["platform"], let system = platform["os"]?.text,
      let architecture = platform["architecture"]?.text, !system.isEmpty, !architecture.isEmpty
    else { return nil }
    let variant = platform["variant"]?.text ?? ""
    return [system, architecture, variant].filter { !$0.isEmpty }.joined(separator: "-")
  }
}
