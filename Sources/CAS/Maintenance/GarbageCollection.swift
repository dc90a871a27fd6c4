import CASPlatform
import OCI

/// The options of a garbage collection.
public struct GarbageOptions: Hashable, Sendable {
  /// The age below which an unreferenced blob stays: the process that put it, or put it again, may be about to refer to
  /// it. Zero keeps none of them, and requires that no other process puts blobs.
  public var grace: Duration
  /// Whether to delete nothing, and only report the blobs that would be deleted.
  public var isDryRun: Bool
  /// Whether a store whose index reaches no stored blob is collected, which deletes every blob. Such an index is more often
  /// lost than meant.
  public var allowsEmptyIndex: Bool

  /// Creates options; the default grace is a day.
  public init(grace: Duration = .seconds(86_400), isDryRun: Bool = false, allowsEmptyIndex: Bool = false) {
    self.grace = grace
    self.isDryRun = isDryRun
    self.allowsEmptyIndex = allowsEmptyIndex
  }
}

/// The error behind ``CASError/Code-swift.struct/invalid`` of a collection: the index reaches no stored blob. One that
/// ``GarbageOptions/allowsEmptyIndex`` deletes all of them.
public struct EmptyIndexError: Error, Hashable, Sendable {}

/// The progress of a garbage collection, reported for each batch of blobs.
public struct GarbageProgress: Sendable {
  /// The number of stored blobs that were examined since the beginning.
  public var examined: Int
  /// The blobs that were deleted since the last report, or would have been.
  public var removed: [BlobAddress]
}

extension Engine {
  /// Deletes the blobs that the index does not reach through manifests and indexes, and that are older than the grace.
  ///
  /// This is mark and sweep. The index is read again under the reference lock before each batch of deletions, so a blob
  /// that got a reference since the mark stays. So does a manifest whose `subject` stays, with its content.
  ///
  /// - Parameter report: called without a lock; an error that it throws ends the collection.
  /// - Throws: ``CASError/Code-swift.struct/notImplemented`` if the store is not ``GarbageCollectable``; the error of a
  ///   stored manifest that cannot be read, or of a malformed entry of the index. Nothing is deleted then, because their
  ///   references are unknown. ``CASError/Code-swift.struct/invalid`` if the store has blobs and the index reaches none of
  ///   them, with ``EmptyIndexError`` behind it, unless the options allow it.
  public func collectGarbage(
    _ options: GarbageOptions = GarbageOptions(), cancellation: CancellationToken = .none,
    _ report: (GarbageProgress) throws(CASError) -> Void = { _ in }
  ) throws(CASError) {
    var collector = try GarbageCollector(self, options, cancellation)
    try collector.run(report)
  }
}

/// One collection: mark, then sweep.
private struct GarbageCollector {
  private static let operation = "collect garbage"
  /// The number of blobs that are deleted under one reference lock, while changes of references wait.
  private static let batchSize = 256

  private let engine: any Engine
  /// `nil` for a dry run.
  private let store: (any GarbageCollectable)?
  /// The end of the grace: a blob that was put later stays; `nil` without a grace.
  private let moment: Timestamp?
  private let allowsEmptyIndex: Bool
  private let cancellation: CancellationToken
  private var walk = ReferenceWalk()
  /// The stored manifests with a subject that the index does not reach.
  private var referrers: [(descriptor: Descriptor, subject: Digest)] = []
  private var progress = GarbageProgress(examined: 0, removed: [])

  init(_ engine: any Engine, _ options: GarbageOptions, _ cancellation: CancellationToken) throws(CASError) {
    self.engine = engine
    self.cancellation = cancellation
    allowsEmptyIndex = options.allowsEmptyIndex
    moment = options.grace > .zero ? Timestamp.now.earlier(bySeconds: options.grace.components.seconds) : nil
    if options.isDryRun {
      store = nil
    } else if let store = engine as? any GarbageCollectable {
      self.store = store
    } else {
      throw CASError(
        .notImplemented, operation: Self.operation, subject: engine.uri,
        cause: "the driver '\(engine.driverName)' cannot remove safely")
    }
  }

  mutating func run(_ report: (GarbageProgress) throws(CASError) -> Void) throws(CASError) {
    try walk.mark(engine.index(), in: engine, cancellation)
    let isRefused = !allowsEmptyIndex && !walk.reached.contains { isStored($0) }
    let listing = try engine.listBlobs()
    var isAtEnd = false
    var candidates: [Digest] = []
    while !isAtEnd {
      try OperationContext(Self.operation, on: engine.uri, cancellation: cancellation).checkCancellation()
      let batch = try listing.nextBatch()
      isAtEnd = batch.isEmpty
      if isRefused, batch.contains(where: { isStored($0) }) {
        throw CASError(
          .invalid, operation: Self.operation, subject: engine.uri,
          cause: "index without stored content: every blob would be garbage", underlyingError: EmptyIndexError())
      }
      candidates += batch.filter { !walk.reached.contains($0) }
      progress.examined += batch.count
      try report(progress)
    }
    for digest in candidates {
      if let found = try ReferrerScan.readable(digest, mediaType: nil, in: engine, cancellation) {
        referrers.append(found)
      }
    }
    try markReferrers()
    candidates.removeAll { walk.reached.contains($0) }
    while !candidates.isEmpty {
      let next = Array(candidates.prefix(Self.batchSize))
      candidates.removeFirst(next.count)
      try sweep(next, report)
      try report(progress)
    }
  }

  /// Marks what refers to marked manifests, and what refers to that.
  private mutating func markReferrers() throws(CASError) {
    while true {
      let links = referrers.filter {
        walk.reached.contains($0.subject) && !walk.reached.contains($0.descriptor.digest)
      }.map { ReferenceWalk.Link($0.descriptor, of: .manifest($0.subject, as: ReferenceWalk.Link.referrer)) }
      if links.isEmpty { return }
      // A malformed one stays, and refers to nothing that is known.
      try walk.follow(links, in: engine, cancellation) { (_, _) in }
    }
  }

  private func isStored(_ digest: Digest) -> Bool { (try? engine.blobInfo(digest)) != nil }

  /// Deletes those of the candidates that are still garbage, and reports them even if an error follows.
  private mutating func sweep(
    _ candidates: [Digest], _ report: (GarbageProgress) throws(CASError) -> Void
  ) throws(CASError) {
    var failure: CASError?
    do throws(CASError) {
      if let store {
        try store.withReferencesLocked(OperationContext(Self.operation, on: engine.uri, cancellation: cancellation)) {
          (index) throws(CASError) in
          try walk.mark(index, in: engine, cancellation)
          try markReferrers()
          try remove(candidates)
        }
      } else {
        try remove(candidates)
      }
    } catch {
      failure = error
    }
    if !progress.removed.isEmpty { try report(progress) }
    progress.removed = []
    if let failure { throw failure }
  }

  private mutating func remove(_ candidates: [Digest]) throws(CASError) {
    for digest in candidates where !walk.reached.contains(digest) {
      try OperationContext(Self.operation, on: digest, cancellation: cancellation).checkCancellation()
      if let address = try remove(digest) { progress.removed.append(address) }
    }
  }

  /// Deletes a blob unless it is younger than the grace. Something other than a blob stays.
  private func remove(_ digest: Digest) throws(CASError) -> BlobAddress? {
    let info: BlobInfo
    do throws(CASError) {
      info = try engine.blobInfo(digest)
    } catch {
      if error.code == .notFound || error.code == .invalid { return nil }
      throw error
    }
    if let moment, info.modified >= moment { return nil }
    if let store {
      if let moment {
        guard try store.deleteBlob(digest, ifUnchangedSince: moment) else { return nil }
      } else {
        try store.deleteBlob(digest)
      }
    }
    return BlobAddress(digest: digest, size: info.size)
  }
}
