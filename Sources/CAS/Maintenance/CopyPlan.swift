import OCI

/// The parts of a copy of an image: the blobs in the order in which they are copied, referrers and tags.
struct CopyPlan {
  static let operation = "copy image"

  private let source: any Engine
  private let options: CopyOptions
  private let cancellation: CancellationToken
  private var walk = ReferenceWalk()
  private var graph = ReferenceGraph()
  /// The manifests of the image and of what refers to it.
  private var manifests: [Digest] = []
  /// The blobs, each before the manifests that refer to it.
  private(set) var blobs: [BlobAddress] = []
  /// Content that descriptors embed and the source does not store.
  private(set) var embedded: [Digest: [UInt8]] = [:]
  /// The manifests that refer to the image, or to one of them, and their subjects.
  private(set) var referrers: [(descriptor: Descriptor, subject: Digest)] = []
  /// The tags of the image that other tools attach to it.
  private(set) var tags: [Reference] = []

  /// Lists the blobs of an image.
  ///
  /// - Throws: ``CASError/Code-swift.struct/notFound`` if one of them is absent, ``CASError/Code-swift.struct/mismatch`` if its
  ///   size differs from its descriptor, ``CASError/Code-swift.struct/invalid`` for circular references and unsupported
  ///   algorithms.
  init(
    of descriptor: Descriptor, named name: ReferenceName, in source: any Engine, _ options: CopyOptions,
    _ cancellation: CancellationToken
  ) throws(CASError) {
    self.source = source
    self.options = options
    self.cancellation = cancellation
    try follow(ReferenceWalk.Link(descriptor, of: .index(name)))
    if options.includesReferrers { try followReferrers() }
    blobs = graph.childrenFirst
    guard blobs.count == graph.count else {
      throw CASError(
        .invalid, operation: Self.operation, subject: name.description,
        cause: "circular references between its manifests")
    }
  }

  /// Adds everything that a link reaches to the plan.
  private mutating func follow(_ root: ReferenceWalk.Link) throws(CASError) {
    let (source, options) = (source, options)
    var (graph, manifests, embedded) = (graph, manifests, embedded)
    var isInIndex = false
    try walk.follow(
      [root], in: source, cancellation,
      visit: { (link) throws(CASError) in
        if case .manifest(_, as: ReferenceWalk.Link.manifest) = link.origin { isInIndex = true }
        let isRoot = link.digest == root.digest
        guard
          let address = try Self.find(
            link, in: source, mayBeAbsent: options.isSparse && !isRoot, isInIndex: isInIndex, &embedded)
        else { return }
        graph.add(link, address)
        if link.isManifest { manifests.append(link.digest) }
      },
      refersToForeign: { (link, descriptor) throws(CASError) in
        throw CASError(
          .invalid, operation: Self.operation, subject: link.digest.description,
          cause: "unsupported digest algorithm: \(descriptor)")
      },
      failed: { (link, error) throws(CASError) in throw error.during(OperationContext(Self.operation, on: link.digest))
      })
    (self.graph, self.manifests, self.embedded) = (graph, manifests, embedded)
  }

  /// Adds what refers to the manifests in the plan, and what refers to that. A listed manifest is skipped if it is
  /// absent or has another subject.
  private mutating func followReferrers() throws(CASError) {
    let search = try ReferrerSearch(source, cancellation)
    var seen: Set<Digest> = []
    var next = 0
    while next < manifests.count {
      let subject = manifests[next]
      next += 1
      guard seen.insert(subject).inserted else { continue }
      for referrer in try search.referrers(of: subject) {
        let found = try ReferrerScan.referrer(
          referrer.digest, mediaType: referrer.mediaType, in: source, cancellation)
        guard let found, found.subject == subject else { continue }
        let origin = ReferenceWalk.Link.Origin.manifest(subject, as: ReferenceWalk.Link.referrer)
        try follow(ReferenceWalk.Link(found.descriptor, of: origin))
        manifests.append(referrer.digest)
        referrers.append(found)
      }
      for tag in try search.tags(of: subject) {
        try follow(ReferenceWalk.Link(tag.descriptor, of: .index(tag.name)))
        tags.append(tag)
      }
    }
  }

  private static func find(
    _ link: ReferenceWalk.Link, in source: any Engine, mayBeAbsent: Bool, isInIndex: Bool,
    _ embedded: inout [Digest: [UInt8]]
  ) throws(CASError) -> BlobAddress? {
    let subject = link.digest.description
    do throws(CASError) {
      let size = try source.blobInfo(link.digest).size
      if let expected = link.size, expected != size {
        throw CASError(
          .mismatch, operation: operation, subject: subject,
          cause: "\(size) bytes, but \(expected) as \(link.description)")
      }
      return BlobAddress(digest: link.digest, size: size)
    } catch {
      guard error.code == .notFound else { throw error }
      do throws(InvalidValue) {
        if let content = try link.embedded.get() {
          embedded[link.digest] = content
          return BlobAddress(digest: link.digest, size: Int64(content.count))
        }
      } catch {
        throw .invalid(OperationContext(operation, on: link.digest), error)
      }
      if link.isOptional || mayBeAbsent { return nil }
      throw CASError(
        .notFound, operation: operation, subject: subject, cause: "not stored: \(link.description)",
        underlyingError: isInIndex ? IncompleteIndexError() : nil)
    }
  }
}
