/// What a manifest or an index says about the image it is of: the content it consists of (image-spec, `manifest.md`,
/// `image-index.md`; Docker's schema 2 has the same members).
public struct Manifest: Sendable {
  /// What it is of.
  public enum Kind: Sendable {
    /// One image.
    case image
    /// Images for different platforms, as a rule.
    case index
  }

  /// The longest manifest that is read, in bytes, as in registries.
  public static let maximumSize = 4 << 20

  /// What it is of.
  public let kind: Kind
  /// The image's configuration.
  public let config: Descriptor?
  /// The image's layers, the lowest first.
  public let layers: [Descriptor]
  /// The index's manifests.
  public let manifests: [Descriptor]
  /// The manifest that this one is attached to.
  public let subject: Descriptor?

  /// Reads a manifest or an index.
  ///
  /// - Parameter mediaType: what its descriptor says it is; when that is neither, the content decides.
  /// - Throws: why it is neither, or what is wrong with it.
  public init(parsing content: [UInt8], mediaType: String) throws(InvalidValue) {
    let value = try JSON(parsing: content)
    guard case .object = value else { throw InvalidValue("a manifest is a JSON object") }
    switch Self.kind(of: mediaType) ?? MediaType.ofContent(value).flatMap(Self.kind) {
    case .image: kind = .image
    case .index: kind = .index
    case nil: throw InvalidValue("it is neither an image manifest nor an index")
    }
    config = try Self.descriptor("config", of: value)
    subject = try Self.descriptor("subject", of: value)
    layers = try Self.descriptors("layers", of: value)
    manifests = try Self.descriptors("manifests", of: value)
  }

  /// What content of a media type is, when it is a manifest or an index.
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
