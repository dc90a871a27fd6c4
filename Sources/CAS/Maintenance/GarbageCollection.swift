import CASPlatform
import OCI

/// What garbage is, and what is done with it.
public struct GarbageOptions: Hashable, Sendable {
  /// What was put, or put again, within this time stays: whoever put it may be about to refer to it. Zero keeps
  /// nothing, and then nobody else may be putting.
  public var grace: Duration
  /// Whether to leave everything in its place and say what would go.
  public var isDryRun: Bool

  /// Keeps what is younger than a day, unless told otherwise.
  public init(grace: Duration = .seconds(86_400), isDryRun: Bool = false) {
    self.grace = grace
    self.isDryRun = isDryRun
  }
}

/// How far a collection is, told each time some blobs were looked at.
public struct GarbageProgress: Sendable {
  /// How many stored blobs were looked at since the beginning.
  public var examined: Int
  /// What went since the last report, or would.
  public var removed: [BlobAddress]
}

extension Engine {
  /// Removes the blobs that no entry of the index reaches, through manifests and indexes, and that are not young.
  ///
  /// The index is read again before each batch, while nobody else who locks it can change it: what got a reference
  /// meanwhile stays.
  ///
  /// - Parameter report: called without any lock; when it throws, the collection ends with that error.
  /// - Throws: ``CASError/Code-swift.struct/notImplemented`` when the store is not ``GarbageCollectable``. What is wrong
  ///   with a manifest that is stored and cannot be read, or with an entry of the index: nothing is removed then, for
  ///   it is not known what they refer to.
  public func collectGarbage(
    _ options: GarbageOptions = GarbageOptions(), cancellation: CancellationToken = .none,
    _ report: (GarbageProgress) throws(CASError) -> Void = { _ in }
  ) throws(CASError) {
    var collector = try GarbageCollector(self, options, cancellation)
    try collector.run(report)
  }
}

/// One collection: marks, then sweeps.
private struct GarbageCollector {
  private static let operation = "collect garbage"
  /// How many blobs are removed while those who change references wait.
  private static let batchSize = 256

  private let engine: any Engine
  /// `nil` when nothing is to be removed.
  private let store: (any GarbageCollectable)?
  /// What was put after this stays; `nil` keeps nothing.
  private let moment: Timestamp?
  private let cancellation: CancellationToken
  private var walk = ReferenceWalk()
  private var progress = GarbageProgress(examined: 0, removed: [])

  init(_ engine: any Engine, _ options: GarbageOptions, _ cancellation: CancellationToken) throws(CASError) {
    self.engine = engine
    self.cancellation = cancellation
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
    let listing = try engine.listBlobs()
    var isAtEnd = false
    var candidates: [Digest] = []
    while !isAtEnd {
      try OperationContext(Self.operation, on: engine.uri, cancellation: cancellation).checkCancellation()
      let batch = try listing.nextBatch()
      isAtEnd = batch.isEmpty
      candidates += batch.filter { !walk.reached.contains($0) }
      progress.examined += batch.count
      while candidates.count >= Self.batchSize || isAtEnd && !candidates.isEmpty {
        let next = Array(candidates.prefix(Self.batchSize))
        candidates.removeFirst(next.count)
        try sweep(next, report)
      }
      try report(progress)
    }
  }

  /// Removes what may go of some blobs, and reports it, whatever else happens.
  private mutating func sweep(
    _ candidates: [Digest], _ report: (GarbageProgress) throws(CASError) -> Void
  ) throws(CASError) {
    var failure: CASError?
    do throws(CASError) {
      if let store {
        try store.withReferencesLocked(OperationContext(Self.operation, on: engine.uri, cancellation: cancellation)) {
          (index) throws(CASError) in
          try walk.mark(index, in: engine, cancellation)
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

  /// Removes a blob unless it is young; what is there and is no blob stays.
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
