import OCI

/// A walk from the entries of an index through what their manifests and indexes refer to, OCI's and Docker's,
/// `subject` included.
///
/// It can be repeated with a later index, and reads each manifest once: content under a digest does not change.
struct ReferenceWalk {
  /// One place that refers to content.
  struct Link: CustomStringConvertible {
    /// What refers to it.
    enum Origin {
      case index(ReferenceName?)
      case manifest(Digest, as: String)
    }

    var origin: Origin
    var digest: Digest
    var mediaType: String
    var size: Int64
    /// Whether the content may be elsewhere, by the specification: it has `urls`, or is a `subject`.
    var isOptional: Bool

    init(_ descriptor: Descriptor, of origin: Origin, isOptional: Bool = false) {
      self.origin = origin
      digest = descriptor.digest
      mediaType = descriptor.mediaType
      size = descriptor.size
      if case .array(let urls) = descriptor.json["urls"], !urls.isEmpty {
        self.isOptional = true
      } else {
        self.isOptional = isOptional
      }
    }

    /// What it is, in words: as in "a layer of sha256:HEX".
    var description: String {
      switch origin {
      case .index(let name?): "what \(name) stands for"
      case .index(nil): "an entry of the index"
      case .manifest(let parent, let role): "\(role) of \(parent)"
      }
    }

    var isManifest: Bool { Manifest.kind(of: mediaType) != nil }

    /// Whether the content decides what it is. A layer or configuration is what its type says.
    fileprivate var mayBeManifest: Bool {
      switch origin {
      case .index, .manifest(_, as: Self.manifest):
        mediaType == MediaType.octetStream || mediaType.hasSuffix("json")
      case .manifest: false
      }
    }

    fileprivate static let manifest = "a manifest"
  }

  static let operation = "walk the index"
  /// Every digest that was reached, stored or not.
  private(set) var reached: Set<Digest> = []
  private var read: Set<Digest> = []
  /// What was not stored when it was to be read, and may come.
  private var absent: [Link] = []

  /// Follows every entry of an index, and reaches what was not reached before too.
  ///
  /// - Throws: what is wrong with an entry, or with a manifest that is stored and cannot be read: what it refers to is
  ///   not known then.
  mutating func mark(
    _ index: ImageIndex, in engine: any Engine, _ cancellation: CancellationToken
  ) throws(CASError) {
    var links: [Link] = []
    for entry in index.entries {
      do throws(InvalidValue) {
        links.append(Link(try entry.descriptor.get(), of: .index(entry.name)))
      } catch {
        throw .invalid(OperationContext(Self.operation, on: entry.name?.description ?? "an entry"), error)
      }
    }
    try follow(links, in: engine, cancellation) { (_, error) throws(CASError) in throw error }
  }

  /// Follows links, and once more those whose content was not there before.
  ///
  /// - Parameter visit: sees every link, those of one digest each.
  /// - Parameter failed: gets what is stored and cannot be read, or is not what its type says; goes on unless it throws.
  mutating func follow(
    _ links: [Link], in engine: any Engine, _ cancellation: CancellationToken,
    visit: (Link) throws(CASError) -> Void = { _ in }, failed: (Link, CASError) throws(CASError) -> Void
  ) throws(CASError) {
    var waiting = absent + links.reversed()
    absent = []
    while let link = waiting.popLast() {
      try OperationContext(Self.operation, on: link.digest, cancellation: cancellation).checkCancellation()
      try visit(link)
      reached.insert(link.digest)
      // One digest may be described twice, first as something else.
      guard link.isManifest || link.mayBeManifest, read.insert(link.digest).inserted else { continue }
      do throws(CASError) {
        waiting += try children(of: link, in: engine, cancellation)
      } catch {
        switch error.code {
        case .notFound:
          read.remove(link.digest)
          absent.append(link)
        case .cancelled, .closed: throw error
        default: try failed(link, error)
        }
      }
    }
  }

  private func children(
    of link: Link, in engine: any Engine, _ cancellation: CancellationToken
  ) throws(CASError) -> [Link] {
    let content: [UInt8]
    do throws(CASError) {
      content = try engine.blobContents(link.digest, limit: Manifest.maximumSize, cancellation: cancellation)
    } catch {
      // Too long for a manifest, or no file.
      if !link.isManifest, error.code == .invalid { return [] }
      throw error.during(OperationContext(Self.operation, on: link.digest))
    }
    do throws(InvalidValue) {
      return Self.links(of: try Manifest(parsing: content, mediaType: link.mediaType), link.digest)
    } catch {
      if link.isManifest { throw .invalid(OperationContext(Self.operation, on: link.digest), error) }
      return Self.members(of: content, link.digest)
    }
  }

  private static func links(of manifest: Manifest, _ parent: Digest) -> [Link] {
    var links = manifest.manifests.map { Link($0, of: .manifest(parent, as: Link.manifest)) }
    if let config = manifest.config { links.append(Link(config, of: .manifest(parent, as: "the configuration"))) }
    links += manifest.layers.map { Link($0, of: .manifest(parent, as: "a layer")) }
    if let subject = manifest.subject {
      links.append(Link(subject, of: .manifest(parent, as: "the subject"), isOptional: true))
    }
    return links
  }

  /// Whatever looks like a descriptor in a document of a type that nothing is known about.
  private static func members(of content: [UInt8], _ parent: Digest) -> [Link] {
    guard case .object(let members)? = try? JSON(parsing: content) else { return [] }
    let values = members.flatMap { (member) in
      if case .array(let elements) = member.value { elements } else { [member.value] }
    }
    return values.compactMap { try? Descriptor($0) }.map {
      Link($0, of: .manifest(parent, as: "a part"), isOptional: true)
    }
  }
}
