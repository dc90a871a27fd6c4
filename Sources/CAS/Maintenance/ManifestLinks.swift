import OCI

/// The references in a manifest: OCI's and Docker's manifests and indexes, Docker's schema 1, and whatever has the form of
/// a descriptor or a digest in members of other names and in other documents.
struct ManifestLinks {
  typealias Link = ReferenceWalk.Link

  /// Members of known manifests that are read as such, or describe the content.
  private static let knownMembers: Set<String> = [
    "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations",
    SchemaOneManifest.layersMember,
  ]

  /// The references.
  private(set) var links: [Link] = []
  /// The references with digests of unsupported algorithms.
  private(set) var foreign: [ForeignDescriptor] = []

  /// Content without references.
  init() {}

  /// Reads a manifest. Content of another media type that is not a manifest need not have references.
  ///
  /// - Parameter origin: returns the origin of a link for the role of its content.
  /// - Throws: `InvalidValue` for a malformed manifest.
  init(_ content: [UInt8], mediaType: String, origin: (String) -> Link.Origin) throws(InvalidValue) {
    let value: JSON
    do throws(InvalidValue) {
      value = try JSON(parsing: content)
    } catch {
      if Self.isManifest(mediaType) { throw error }
      return
    }
    do throws(InvalidValue) {
      add(try Manifest(value, mediaType: mediaType), origin)
    } catch {
      let rest = withoutForeign(value)
      if !foreign.isEmpty, let manifest = try? Manifest(rest, mediaType: mediaType) {
        add(manifest, origin)
      } else if !Self.isSchemaOne(value) {
        if Self.isManifest(mediaType) { throw error }
        addParts(of: rest, origin)
        return
      }
    }
    try addLayers(of: value, origin)
    if case .object(let members) = value {
      addParts(of: .object(members.filter { !Self.knownMembers.contains($0.name) }), origin)
    }
  }

  /// Whether a media type is that of a manifest or an index.
  static func isManifest(_ mediaType: String) -> Bool {
    Manifest.kind(of: mediaType) != nil || SchemaOneManifest.mediaTypes.contains(mediaType)
  }

  /// Whether a document has layers as in schema 1, and none of the members of later manifests, which may be malformed.
  private static func isSchemaOne(_ value: JSON) -> Bool {
    value[SchemaOneManifest.layersMember] != nil
      && ["config", "layers", "manifests"].allSatisfy { value[$0] == nil }
  }

  /// Whether content of a media type can be a document with references: all but archives and compressed content,
  /// and types other than `application/…`.
  static func mayBeManifest(_ mediaType: String) -> Bool {
    let name = mediaType.lowercased()
    return (name.isEmpty || name.utf8.starts(with: "application/".utf8) || !name.utf8.contains(UInt8(ascii: "/")))
      && !["tar", "gzip", "zstd"].contains { name.contains($0) }
  }

  private mutating func add(_ manifest: Manifest, _ origin: (String) -> Link.Origin) {
    links += manifest.manifests.map { Link($0, of: origin(Link.manifest)) }
    if let config = manifest.config { links.append(Link(config, of: origin("the configuration"))) }
    links += manifest.layers.map { Link($0, of: origin("a layer")) }
    if let subject = manifest.subject {
      links.append(Link(subject, of: origin(Link.subject), isOptional: true))
    }
  }

  private mutating func addLayers(of value: JSON, _ origin: (String) -> Link.Origin) throws(InvalidValue) {
    guard value[SchemaOneManifest.layersMember] != nil else { return }
    let manifest = try SchemaOneManifest(value)
    links += manifest.layers.map { Link($0, of: origin("a layer")) }
    foreign += manifest.foreignLayers
  }

  /// Adds the descriptors and digests in a value, at any depth. Their meaning is unknown, so they may be absent.
  private mutating func addParts(of value: JSON, _ origin: (String) -> Link.Origin) {
    var waiting = [value]
    while let next = waiting.popLast() {
      switch next {
      case .string(let text):
        if let digest = try? Digest(text) { links.append(Link(digest, of: origin(Link.part), isOptional: true)) }
      case .array(let elements): waiting += elements
      case .object(let members):
        if let descriptor = try? Descriptor(next) {
          links.append(Link(descriptor, of: origin(Link.part), isOptional: true))
        } else {
          waiting += members.map(\.value)
        }
      case .null, .bool, .number: break
      }
    }
  }

  /// Returns the document without the descriptors with digests of unsupported algorithms, and adds those to `foreign`.
  private mutating func withoutForeign(_ value: JSON) -> JSON {
    guard case .object(var members) = value else { return value }
    for position in members.indices {
      if case .array(let elements) = members[position].value {
        let kept = elements.filter { !addForeign($0) }
        if kept.count < elements.count { members[position].value = .array(kept) }
      } else if addForeign(members[position].value) {
        members[position].value = .null
      }
    }
    return .object(members)
  }

  private mutating func addForeign(_ value: JSON) -> Bool {
    guard let descriptor = ForeignDescriptor(value) else { return false }
    foreign.append(descriptor)
    return true
  }
}
