public import OCI

/// The progress of copying an image.
public struct CopyProgress: Hashable, Sendable {
  /// The number of bytes that are in the other store.
  public var done: Int64
  /// The number of bytes of the image.
  public var total: Int64

  /// Creates a progress from its parts.
  public init(done: Int64, total: Int64) {
    self.done = done
    self.total = total
  }
}

extension Engine {
  /// Copies an image, with everything that its descriptor reaches, to another store, and stores a reference to it there.
  ///
  /// A blob is copied before the manifests that refer to it, and the reference is stored last. Blobs that the other store
  /// has are not copied again, so a repeated copy continues where a failed one stopped. They are verified first if the
  /// other store is local and ``ContentVerifying``. An absent `subject`, or absent content with `urls`, is skipped.
  ///
  /// Nothing is stored under the name before the copy is complete. With ``CopyOptions/includesReferrers``, referrers are
  /// added to the other store before the image gets its name.
  ///
  /// - Parameter replacing: whether a different descriptor of that name is replaced.
  /// - Parameter progress: called while content is copied; an error that it throws ends the copy.
  /// - Throws: ``CASError/Code-swift.struct/notFound`` with the digest of a blob that is not in this store, before anything
  ///   is copied, and with ``IncompleteIndexError`` behind it if a part of an index is absent;
  ///   ``CASError/Code-swift.struct/mismatch`` if the size of a blob differs from its descriptor;
  ///   ``CASError/Code-swift.struct/clobber`` if a different descriptor has the name;
  ///   ``CASError/Code-swift.struct/invalid`` if the other store cannot have the name; errors of both stores.
  public func copy(
    _ descriptor: Descriptor, to other: any Engine, named name: ReferenceName, replacing: Bool = false,
    options: CopyOptions = CopyOptions(), cancellation: CancellationToken = .none,
    progress: (CopyProgress) throws(CASError) -> Void = { _ in }
  ) throws(CASError) {
    try other.checkNewReference(named: name)
    if !replacing { try other.checkFree(name, for: descriptor) }
    var copy = try ImageCopy(of: descriptor, from: self, to: other, as: name, options, cancellation)
    if !replacing {
      for tag in copy.tags { try other.checkFree(tag.name, for: tag.descriptor) }
    }
    try copy.run(progress)
    for (referrer, subject) in copy.referrers {
      try other.putReferrer(referrer, of: subject, cancellation: cancellation)
    }
    for tag in copy.tags {
      try other.putReference(tag.descriptor, named: tag.name, replacing: replacing, cancellation: cancellation)
    }
    try other.putReference(descriptor, named: name, replacing: replacing, cancellation: cancellation)
    // A blob that was not copied may have been collected as garbage before the reference could keep it.
    try copy.completeAgain()
  }

  /// Checks that a name is free, or stands for the same descriptor.
  private func checkFree(_ name: ReferenceName, for descriptor: Descriptor) throws(CASError) {
    guard let taken = try ifFound(try reference(named: name)) else { return }
    if taken != storable(descriptor) { throw .clobber(OperationContext(ImageCopy.operation, on: name)) }
  }
}

/// One copy of an image from one store to another.
private struct ImageCopy {
  static let operation = "copy image"

  private let source: any Engine
  private let target: any Engine
  private let options: CopyOptions
  private let cancellation: CancellationToken
  private var walk = ReferenceWalk()
  private var graph = ReferenceGraph()
  /// The manifests of the image and of what refers to it.
  private var manifests: [Digest] = []
  /// The blobs to copy, each before the manifests that refer to it.
  private var blobs: [BlobAddress] = []
  /// Content that descriptors embed and the source does not store.
  private var embedded: [Digest: [UInt8]] = [:]
  /// The manifests that refer to the image, or to one of them, and their subjects.
  private(set) var referrers: [(descriptor: Descriptor, subject: Digest)] = []
  /// The tags of the image that other tools attach to it.
  private(set) var tags: [Reference] = []
  private var progress = CopyProgress(done: 0, total: 0)

  /// Lists the blobs to copy, and fails if one of them is absent.
  init(
    of descriptor: Descriptor, from source: any Engine, to target: any Engine, as name: ReferenceName,
    _ options: CopyOptions, _ cancellation: CancellationToken
  ) throws(CASError) {
    self.source = source
    self.target = target
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
    progress.total = blobs.reduce(0) { $0.addingSaturating($1.size) }
  }

  /// Adds everything that a link reaches to the copy.
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

  /// Adds what refers to the manifests in the copy, and what refers to that. A listed manifest is skipped if it is
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

  /// Copies the blobs that the other store does not have.
  mutating func run(_ report: (CopyProgress) throws(CASError) -> Void) throws(CASError) {
    for blob in blobs {
      let before = progress.done
      if try !isStored(blob, report) {
        progress.done = before
        try copy(blob, report)
      }
      progress.done = before + blob.size
      try report(progress)
    }
  }

  /// Copies the blobs that were deleted from the other store since.
  func completeAgain() throws(CASError) {
    var rest = self
    for blob in blobs {
      do throws(CASError) {
        _ = try storedInfo(blob.digest)
      } catch {
        guard error.code == .notFound else { throw error }
        try rest.copy(blob) { _ in }
      }
    }
  }

  /// Looks a blob up in the other store, without the mirrors that it is read through.
  private func storedInfo(_ digest: Digest) throws(CASError) -> BlobInfo {
    guard let remote = target as? any RemoteEngine else { return try target.blobInfo(digest) }
    return try remote.storedBlobInfo(digest, cancellation: cancellation)
  }

  /// Whether the other store has the blob, with verified content if that is cheaper than a copy.
  private mutating func isStored(
    _ blob: BlobAddress, _ report: (CopyProgress) throws(CASError) -> Void
  ) throws(CASError) -> Bool {
    do throws(CASError) {
      guard try storedInfo(blob.digest).size == blob.size else { return false }
      // Reading from another machine takes as long as copying.
      guard let store = target as? any ContentVerifying, !(target is any RemoteEngine) else { return true }
      let before = progress.done
      try store.verifyBlob(blob.digest, cancellation: cancellation) { (count) throws(CASError) in
        progress.done = before + count
        try report(progress)
      }
      return true
    } catch {
      switch error.code {
      case .notFound, .corrupt: return false
      default: throw error
      }
    }
  }

  private mutating func copy(
    _ blob: BlobAddress, _ report: (CopyProgress) throws(CASError) -> Void
  ) throws(CASError) {
    let reader: any BlobReader =
      if let content = embedded[blob.digest] {
        EmbeddedReader(blob.digest, content)
      } else {
        try source.openBlob(blob.digest, cancellation: cancellation)
      }
    let stage = try target.stageBlob(algorithm: blob.digest.algorithm, copying: nil)
    do throws(CASError) {
      let before = progress.done
      var offset: Int64 = 0
      try reader.forEachChunk(cancellation: cancellation) { (chunk) throws(CASError) in
        try stage.append(chunk, at: offset)
        offset += Int64(chunk.count)
        progress.done = before + offset
        try report(progress)
      }
      try stage.endContent(at: offset)
      let expectation = BlobExpectation(digest: blob.digest, size: blob.size)
      _ = try stage.commit(expecting: expectation, cancellation: cancellation)
    } catch {
      stage.discard()
      throw error
    }
  }
}
