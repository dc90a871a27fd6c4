import OCI

/// The referrers in a store without lists of its own: by their subjects, the manifests that the index reaches, and those
/// that nothing refers to.
///
/// It can be updated with the state of the store, and reads each blob once, since content under a digest does not change.
struct ReferrerScan {
  private var bySubject: [Digest: [Descriptor]] = [:]
  private var walk = ReferenceWalk()
  private var examined: Set<Digest> = []

  /// A scan before its first update.
  init() {}

  /// Reads the manifests of a store. Those that cannot be read refer to nothing.
  init(_ engine: any Engine, _ cancellation: CancellationToken) throws(CASError) {
    try update(engine, cancellation)
  }

  /// Reads the manifests that were not read before.
  mutating func update(_ engine: any Engine, _ cancellation: CancellationToken) throws(CASError) {
    var links: [Digest: ReferenceWalk.Link] = [:]
    let entries = try engine.index().entries.compactMap { (entry) in
      (try? entry.descriptor.get()).map { ReferenceWalk.Link($0, of: .index(entry.name)) }
    }
    try walk.follow(
      entries, in: engine, cancellation,
      visit: { (link) in if link.isManifest || link.mayBeManifest { links[link.digest] = link } },
      failed: { (_, _) in })
    for link in links.values.sorted(by: { $0.digest < $1.digest }) {
      try add(link.digest, mediaType: link.mediaType, in: engine, cancellation)
    }
    try engine.forEachBlob(cancellation: cancellation) { (digest) throws(CASError) in
      if !walk.reached.contains(digest) { try add(digest, mediaType: nil, in: engine, cancellation) }
    }
  }

  /// The manifests with a subject.
  func referrers(of subject: Digest) -> [Descriptor] { bySubject[subject] ?? [] }

  private mutating func add(
    _ digest: Digest, mediaType: String?, in engine: any Engine, _ cancellation: CancellationToken
  ) throws(CASError) {
    guard !examined.contains(digest) else { return }
    let found = try Self.readable(digest, mediaType: mediaType, in: engine, cancellation)
    // A blob that is absent can be stored before the next update.
    guard found != nil || (try? engine.blobInfo(digest)) != nil else { return }
    examined.insert(digest)
    if let found { bySubject[found.subject, default: []].append(found.descriptor) }
  }

  /// Reads a blob as a manifest with a subject; `nil` if it is something else, or cannot be read.
  static func readable(
    _ digest: Digest, mediaType: String?, in engine: any Engine, _ cancellation: CancellationToken
  ) throws(CASError) -> (descriptor: Descriptor, subject: Digest)? {
    do throws(CASError) {
      return try referrer(digest, mediaType: mediaType, in: engine, cancellation)
    } catch {
      switch error.code {
      case .cancelled, .closed: throw error
      default: return nil
      }
    }
  }

  /// Reads a blob as a manifest with a subject; `nil` if it is something else, or absent.
  ///
  /// - Parameter mediaType: the media type in its descriptor; `nil` takes that of the content.
  static func referrer(
    _ digest: Digest, mediaType: String?, in engine: any Engine, _ cancellation: CancellationToken
  ) throws(CASError) -> (descriptor: Descriptor, subject: Digest)? {
    guard let content = try engine.manifestContents(digest, cancellation), content.first == UInt8(ascii: "{"),
      let value = try? JSON(parsing: content)
    else { return nil }
    let type = mediaType ?? MediaType.ofContent(value) ?? MediaType.octetStream
    return Descriptor.referrer(
      Descriptor(mediaType: type, digest: digest, size: Int64(content.count)), content: value)
  }
}
