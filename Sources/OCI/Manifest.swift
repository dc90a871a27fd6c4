/// What a manifest or an index says about the image it is of: the content it consists of (image-spec, `manifest.md`,
/// `image-index.md`; Docker's schema 2 has the same members).
public enum Manifest: Sendable {
  /// The manifest of one image: its configuration and its layers, the lowest first.
  case image(config: Descriptor?, layers: [Descriptor])
  /// An index of images, for different platforms as a rule.
  case index([Descriptor])

  /// The longest manifest that is read, in bytes, as in registries.
  public static let maximumSize = 4 << 20

  /// Reads a manifest or an index.
  ///
  /// - Parameter mediaType: what its descriptor says it is; when that is neither, the content decides.
  /// - Throws: why it is neither, or what is wrong with it.
  public init(parsing content: [UInt8], mediaType: String) throws(InvalidValue) {
    let value = try JSON(parsing: content)
    var type = mediaType
    if !Self.isKnown(type) { type = MediaType.ofContent(value) ?? "" }
    switch type {
    case MediaType.imageManifest, MediaType.dockerManifest:
      let config: Descriptor? = if let config = value["config"] { try Descriptor(config) } else { nil }
      self = .image(config: config, layers: try Self.descriptors("layers", of: value))
    case MediaType.imageIndex, MediaType.dockerManifestList:
      self = .index(try Self.descriptors("manifests", of: value))
    default: throw InvalidValue("it is neither an image manifest nor an index")
    }
  }

  private static func isKnown(_ mediaType: String) -> Bool {
    [MediaType.imageManifest, MediaType.dockerManifest, MediaType.imageIndex, MediaType.dockerManifestList]
      .contains { $0.sameBytes(as: mediaType) }
  }

  private static func descriptors(_ name: String, of value: JSON) throws(InvalidValue) -> [Descriptor] {
    switch value[name] {
    case .array(let elements):
      var descriptors: [Descriptor] = []
      for element in elements { descriptors.append(try Descriptor(element)) }
      return descriptors
    case .null, nil: return []
    default: throw InvalidValue("its \(name) are not an array")
    }
  }
}

extension Descriptor {
  /// The platform of an index's entry as one word, `OS-ARCHITECTURE` and the variant if there is one, as in
  /// `linux-arm64-v8`; `nil` when it says none.
  public var platformName: String? {
    guard let platform = json["platform"], let system = platform["os"]?.text,
      let architecture = platform["architecture"]?.text, !system.isEmpty, !architecture.isEmpty
    else { return nil }
    let variant = platform["variant"]?.text ?? ""
    return [system, architecture, variant].filter { !$0.isEmpty }.joined(separator: "-")
  }
}
