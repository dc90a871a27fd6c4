import OCI

/// A traversal of everything that the entries of an index reach through manifests and indexes, OCI's and Docker's,
/// including `subject`.
///
/// It can be repeated with a later index, and reads each manifest once, since content under a digest does not change.
struct ReferenceWalk {
  /// A reference to content, and its origin.
  struct Link: CustomStringConvertible {
    /// The place of the reference.
    enum Origin {
      case index(ReferenceName?)
      case manifest(Digest, as: String)
      case foreignManifest(ForeignDescriptor, as: String)
    }

    var origin: Origin
    var digest: Digest
    var mediaType: String
    /// `nil` if the reference does not state it, as in a Docker manifest of schema 1.
    var size: Int64?
    /// Whether the specification allows the content to be absent: it has `urls`, or is a `subject`.
    var isOptional: Bool
    /// Whether it is one of the images of an index for several platforms.
    var isForPlatform = false
    /// The content that the descriptor embeds, which counts as stored; or the reason why it is wrong.
    var embedded = Result<[UInt8]?, InvalidValue>.success(nil)

    init(_ descriptor: Descriptor, of origin: Origin, isOptional: Bool = false) {
      self.origin = origin
      digest = descriptor.digest
      mediaType = descriptor.mediaType
      size = descriptor.size
      isForPlatform = descriptor.json["platform"]?["os"] != nil
      embedded = Result { () throws(InvalidValue) in try descriptor.embeddedContent() }
      if case .array(let urls) = descriptor.json["urls"], !urls.isEmpty {
        self.isOptional = true
      } else {
        self.isOptional = isOptional
      }
    }

    /// Content of which only the digest is known, such as a layer of a Docker manifest of schema 1.
    init(_ digest: Digest, of origin: Origin, isOptional: Bool = false) {
      self.origin = origin
      self.digest = digest
      mediaType = MediaType.octetStream
      self.isOptional = isOptional
    }

    /// The role of the content, for error texts: "a layer of sha256:HEX".
    var description: String {
      switch origin {
      case .index(let name?): "the target of \(name)"
      case .index(nil): "an entry of the index"
      case .manifest(let parent, let role): "\(role) of \(parent)"
      case .foreignManifest(let parent, let role): "\(role) of \(parent)"
      }
    }

    /// The index that lists it as one of its manifests; `nil` for other content.
    var index: Digest? {
      if case .manifest(let parent, as: Self.manifest) = origin { parent } else { nil }
    }

    var isManifest: Bool { ManifestLinks.isManifest(mediaType) }

    /// Whether only the content tells if it is a manifest. The media type of a layer or configuration is trusted.
    var mayBeManifest: Bool {
      if let role, ![Self.manifest, Self.part, Self.referrer].contains(role) { return false }
      return ManifestLinks.mayBeManifest(mediaType) && (size ?? 0) <= Int64(Manifest.maximumSize)
    }

    /// The role of the content in the manifest that refers to it; `nil` for an entry of the index.
    private var role: String? {
      switch origin {
      case .index: nil
      case .manifest(_, let role), .foreignManifest(_, let role): role
      }
    }

    static let manifest = "a manifest"
    /// The manifest that the origin is attached to.
    static let subject = "the subject"
    /// A manifest whose subject is the origin, which does not name it.
    static let referrer = "a referrer"
    /// Content with a role that is not known.
    static let part = "a part"
  }

  static let operation = "walk the index"
  /// Every digest that was reached, stored or not.
  private(set) var reached: Set<Digest> = []
  private var read: Set<Digest> = []
  /// Links to content that was absent, and may be stored before the next walk.
  private var absent: [Link] = []
  /// Content with digests of unsupported algorithms that is still to be read.
  private var foreign: [ForeignDescriptor] = []
  private var knownForeign: Set<ForeignDescriptor> = []

  /// Marks everything that an index reaches, in addition to earlier walks.
  ///
  /// - Throws: ``CASError/Code-swift.struct/invalid`` for a malformed entry; the error of a stored manifest that cannot be
  ///   read, since its references are unknown then.
  mutating func mark(
    _ index: ImageIndex, in engine: any Engine, _ cancellation: CancellationToken
  ) throws(CASError) {
    var links: [Link] = []
    for entry in index.entries {
      do throws(InvalidValue) {
        links.append(Link(try entry.descriptor.get(), of: .index(entry.name)))
      } catch {
        if let descriptor = entry.foreign {
          add(descriptor)
          continue
        }
        throw .invalid(OperationContext(Self.operation, on: entry.name?.description ?? "entry without a name"), error)
      }
    }
    try follow(links, in: engine, cancellation) { (_, error) throws(CASError) in throw error }
    try followForeign(in: engine, cancellation)
  }

  /// Marks everything that manifests with digests of unsupported algorithms reach. The content is not verified, but a
  /// mark only keeps blobs.
  private mutating func followForeign(in engine: any Engine, _ cancellation: CancellationToken) throws(CASError) {
    guard let store = engine as? any ForeignBlobReading else { return }
    var missing: [ForeignDescriptor] = []
    while let descriptor = foreign.popLast() {
      guard ManifestLinks.isManifest(descriptor.mediaType) || ManifestLinks.mayBeManifest(descriptor.mediaType) else {
        continue
      }
      guard
        let content = try store.contents(of: descriptor, limit: Manifest.maximumSize, cancellation: cancellation)
      else {
        missing.append(descriptor)
        continue
      }
      let found: ManifestLinks
      do throws(InvalidValue) {
        found = try ManifestLinks(content, mediaType: descriptor.mediaType) { .foreignManifest(descriptor, as: $0) }
      } catch {
        throw .invalid(OperationContext(Self.operation, on: descriptor.description), error)
      }
      for descriptor in found.foreign { add(descriptor) }
      try follow(found.links, in: engine, cancellation) { (_, error) throws(CASError) in throw error }
    }
    // It can be stored before the next walk.
    foreign = missing
  }

  /// Follows links depth first, and again the links whose content was absent before.
  ///
  /// - Parameter visit: called for every link, also for several links to one digest.
  /// - Parameter refersToForeign: called for each digest of an unsupported algorithm in a manifest.
  /// - Parameter failed: called for a stored manifest that cannot be read or parsed. The walk continues unless it throws.
  mutating func follow(
    _ links: [Link], in engine: any Engine, _ cancellation: CancellationToken,
    visit: (Link) throws(CASError) -> Void = { _ in },
    refersToForeign: (Link, ForeignDescriptor) throws(CASError) -> Void = { _, _ in },
    failed: (Link, CASError) throws(CASError) -> Void
  ) throws(CASError) {
    var waiting = absent + links.reversed()
    absent = []
    while let link = waiting.popLast() {
      try OperationContext(Self.operation, on: link.digest, cancellation: cancellation).checkCancellation()
      try visit(link)
      reached.insert(link.digest)
      // Two descriptors of one digest may have different media types, so only a manifest counts as read.
      guard link.isManifest || link.mayBeManifest, read.insert(link.digest).inserted else { continue }
      let found: ManifestLinks
      do throws(CASError) {
        found = try children(of: link, in: engine, cancellation)
      } catch {
        switch error.code {
        case .notFound:
          read.remove(link.digest)
          absent.append(link)
        case .cancelled, .closed: throw error
        default: try failed(link, error)
        }
        continue
      }
      waiting += found.links
      for descriptor in found.foreign {
        add(descriptor)
        try refersToForeign(link, descriptor)
      }
    }
  }

  private mutating func add(_ descriptor: ForeignDescriptor) {
    if knownForeign.insert(descriptor).inserted { foreign.append(descriptor) }
  }

  private func children(
    of link: Link, in engine: any Engine, _ cancellation: CancellationToken
  ) throws(CASError) -> ManifestLinks {
    guard let content = try content(of: link, in: engine, cancellation) else { return ManifestLinks() }
    do throws(InvalidValue) {
      return try ManifestLinks(content, mediaType: link.mediaType) { .manifest(link.digest, as: $0) }
    } catch {
      throw .invalid(OperationContext(Self.operation, on: link.digest), error)
    }
  }
  /// The content of a manifest, stored or embedded; `nil` if it is too long for a manifest, or not a file, and may be
  /// something else.
  private func content(
    of link: Link, in engine: any Engine, _ cancellation: CancellationToken
  ) throws(CASError) -> [UInt8]? {
    do throws(CASError) {
      return try engine.blobContents(link.digest, limit: Manifest.maximumSize, cancellation: cancellation)
    } catch {
      if error.code == .notFound, let embedded = try? link.embedded.get() { return embedded }
      if !link.isManifest, error.code == .invalid { return nil }
      throw error.during(OperationContext(Self.operation, on: link.digest))
    }
  }
}
