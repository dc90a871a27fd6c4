import OCI
import SystemPackage

/// The progress of a check.
public struct CheckProgress: Hashable, Sendable {
  /// The number of bytes that were hashed.
  public var done: Int64
  /// The number of stored bytes when the check began.
  public var total: Int64
}

extension Engine {
  /// Checks the store, and reports its problems. Nothing is changed.
  ///
  /// Every stored blob is read and hashed, even if it was verified before. A `subject`, and content with `urls`, may be
  /// absent.
  ///
  /// - Parameter progress: called while blobs are hashed; an error that it throws ends the check.
  /// - Parameter report: called for each problem; an error that it throws ends the check.
  /// - Throws: an error that prevents the check, of the store or of the parameters.
  public func check(
    cancellation: CancellationToken = .none, progress: (CheckProgress) throws(CASError) -> Void = { _ in },
    _ report: (StoreProblem) throws(CASError) -> Void
  ) throws(CASError) {
    var check = StoreCheck(self, cancellation)
    let (index, unreadable) = try readableIndex(cancellation: cancellation)
    for lookup in unreadable {
      guard let error = lookup.failure else { continue }
      let kind: StoreProblem.Kind = error.code == .notFound ? .missing : .unreadable
      try report(StoreProblem(kind, subject: lookup.name.description, reason: error.cause))
    }
    try check.entries(of: index, report)
    try check.links(from: index, report)
    try check.blobs(progress, report)
    try check.sizes(report)
    try (self as? any PlacementChecking)?.findForeignFiles(cancellation: cancellation, report)
  }
}

/// The steps of one check.
private struct StoreCheck {
  private static let operation = "check store"
  private static let malformedText = "text with malformed characters, which are read as U+FFFD"

  private let engine: any Engine
  private let cancellation: CancellationToken
  /// Digests that were reported as missing.
  private var missing: Set<Digest> = []
  /// The images of indexes that are not stored, and the indexes of which an image is stored.
  private var absentImages: [(link: Link, index: Digest)] = []
  private var storedIndexes: Set<Digest> = []
  private var corrupt: Set<Digest> = []
  /// Links with another size than the stored content. They are reported only if the content is not corrupt.
  private var mismatches: [Link] = []

  private typealias Link = ReferenceWalk.Link

  init(_ engine: any Engine, _ cancellation: CancellationToken) {
    self.engine = engine
    self.cancellation = cancellation
  }

  /// Checks the entries of the index.
  func entries(of index: ImageIndex, _ report: (StoreProblem) throws(CASError) -> Void) throws(CASError) {
    if JSON.hasMalformedText(index.content) {
      try report(StoreProblem(.unusual, subject: "index", reason: Self.malformedText))
    }
    for (position, entry) in index.entries.enumerated() {
      let subject = entry.name?.description ?? "entry \(position + 1)"
      if case .failure(let error) = entry.descriptor {
        try report(StoreProblem(.badDescriptor, subject: subject, reason: error.reason))
      }
      if let error = entry.unusableName { try report(StoreProblem(.badName, subject: subject, reason: error.reason)) }
    }
    // Entries with different whole names share a short name regularly.
    var counts: [ReferenceName: Int] = [:]
    for position in index.positions(without: index.namedEntries) {
      if let name = index.entries[position].name { counts[name, default: 1] += 1 }
    }
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
      try report(
        StoreProblem(
          .duplicateName, subject: name.description, reason: "\(count) entries have this name; the first counts"))
    }
  }

  /// Checks that everything the index reaches is stored, with the size that its descriptor states.
  mutating func links(
    from index: ImageIndex, _ report: (StoreProblem) throws(CASError) -> Void
  ) throws(CASError) {
    let links = index.entries.compactMap { (entry) in
      (try? entry.descriptor.get()).map { Link($0, of: .index(entry.name)) }
    }
    var walk = ReferenceWalk()
    var manifests: Set<Digest> = []
    try walk.follow(
      links, in: engine, cancellation,
      visit: { (link) throws(CASError) in
        if let problem = try check(link) { try report(problem) }
        if case .failure(let error) = link.embedded {
          try report(StoreProblem(.badDescriptor, subject: link.digest.description, reason: error.reason))
        }
        guard link.isManifest, manifests.insert(link.digest).inserted,
          let content = try? engine.blobContents(link.digest, limit: Manifest.maximumSize),
          JSON.hasMalformedText(content)
        else { return }
        try report(StoreProblem(.unusual, subject: link.digest.description, reason: Self.malformedText))
      },
      refersToForeign: { (link, descriptor) throws(CASError) in
        try report(
          StoreProblem(
            .badManifest, subject: link.digest.description, reason: "unsupported digest algorithm: \(descriptor)"))
      },
      failed: { (link, error) throws(CASError) in
        // Content that is unreadable, or is not a blob, is reported with the blobs.
        guard error.code == .invalid, (try? engine.blobInfo(link.digest)) != nil else { return }
        try report(StoreProblem(.badManifest, subject: link.digest.description, reason: error.cause))
      })
    for (link, index) in absentImages where missing.insert(link.digest).inserted {
      let kind: StoreProblem.Kind = storedIndexes.contains(index) ? .incomplete : .missing
      try report(StoreProblem(kind, subject: link.digest.description, reason: "not stored: \(link.description)"))
    }
  }

  private mutating func check(_ link: Link) throws(CASError) -> StoreProblem? {
    do throws(CASError) {
      let size = try engine.blobInfo(link.digest).size
      if let expected = link.size, expected != size { mismatches.append(link) }
      if let index = link.index { storedIndexes.insert(index) }
      return nil
    } catch {
      switch error.code {
      case .notFound:
        if case .success(.some(_)) = link.embedded { return nil }
        if let index = link.index, link.isForPlatform, !link.isOptional {
          absentImages.append((link, index))
          return nil
        }
        guard !link.isOptional, missing.insert(link.digest).inserted else { return nil }
        return StoreProblem(.missing, subject: link.digest.description, reason: "not stored: \(link.description)")
      case .invalid: return nil
      default:
        // Content that a remote store refuses to describe is reported with the blobs.
        guard isOfOneBlob(error) else { throw error }
        return nil
      }
    }
  }

  /// Whether an error of a remote store is one of its answers, and does not end the check.
  private func isOfOneBlob(_ error: CASError) -> Bool {
    guard let remote = engine as? any RemoteEngine, !remote.isUnreachable else { return false }
    return error.code != .cancelled && error.code != .closed
  }

  /// Hashes every blob.
  mutating func blobs(
    _ progress: (CheckProgress) throws(CASError) -> Void, _ report: (StoreProblem) throws(CASError) -> Void
  ) throws(CASError) {
    var total: Int64 = 0
    // References and manifests that cannot be read were reported before.
    _ = try engine.forEachListedBlob(cancellation: cancellation) { (digest) throws(CASError) in
      total = total.addingSaturating((try? engine.blobInfo(digest).size) ?? 0)
    }
    var done: Int64 = 0
    _ = try engine.forEachListedBlob(cancellation: cancellation) { (digest) throws(CASError) in
      var count: Int64 = 0
      do throws(CASError) {
        try verify(digest) { (bytes) throws(CASError) in
          count = bytes
          try progress(CheckProgress(done: done.addingSaturating(count), total: total))
        }
      } catch {
        switch error.code {
        // Deleted since the listing.
        case .notFound: break
        case .corrupt:
          let actual = error.corruption?.actual.description ?? "another"
          corrupt.insert(digest)
          try report(
            StoreProblem(.corrupt, subject: digest.description, reason: "the stored content has the digest \(actual)"))
        case .invalid, .io(.ioError), .io(.permissionDenied):
          try report(StoreProblem(.unreadable, subject: digest.description, reason: error.cause))
        default:
          guard isOfOneBlob(error) else { throw error }
          try report(StoreProblem(.unreadable, subject: digest.description, reason: error.cause))
        }
      }
      done = done.addingSaturating(count)
    }
  }

  private func verify(_ digest: Digest, _ progress: (Int64) throws(CASError) -> Void) throws(CASError) {
    if let store = engine as? any ContentVerifying {
      return try store.verifyBlob(digest, cancellation: cancellation, progress: progress)
    }
    try ContentHash.verify(
      engine.openBlob(digest, cancellation: cancellation),
      OperationContext(Self.operation, on: digest, cancellation: cancellation), progress: progress)
  }

  /// Reports descriptors with a wrong size whose content is intact.
  func sizes(_ report: (StoreProblem) throws(CASError) -> Void) throws(CASError) {
    var reported: Set<String> = []
    for link in mismatches where !corrupt.contains(link.digest) {
      guard let expected = link.size, let size = try? engine.blobInfo(link.digest).size, size != expected else {
        continue
      }
      let problem = StoreProblem(
        .wrongSize, subject: link.digest.description,
        reason: "\(size) bytes, but \(expected) as \(link.description)")
      if reported.insert(problem.subject + problem.reason).inserted { try report(problem) }
    }
  }
}
