internal import CAS
internal import OCI
internal import Platform

/// Where a tree has the references of its store from: what it gives is young enough to be shown.
protocol ReferenceSource: Sendable {
  /// All names by their paths.
  func paths(_ context: RequestContext) throws(CASError) -> ReferencePaths

  /// What a name stands for that was listed without.
  func descriptor(of name: ReferenceName, _ context: RequestContext) throws(CASError) -> Descriptor

  /// Entries of the index without a name, by the names they have in `images`.
  func unnamed(_ context: RequestContext) throws(CASError) -> [FileName: Descriptor]

  /// The index.
  func index(_ context: RequestContext) throws(CASError) -> [UInt8]

  /// Forgets what was read, after a change of these names; of none means that any may have changed.
  func refresh(_ names: [ReferenceName])
}

/// The name of a reference, and what it stands for where the store tells that along with the name.
struct ListedReference: Sendable {
  var name: ReferenceName
  var descriptor: Descriptor?
}

/// The references of a store that is read in a moment, read whole once in half a second.
final class LocalReferences: ReferenceSource {
  private struct Snapshot {
    var paths: ReferencePaths
    var unnamed: [FileName: Descriptor]
    var index: [UInt8]
    var taken: ContinuousClock.Instant
  }

  private static let lifetime = Duration.milliseconds(500)
  private let engine: any Engine
  private let snapshot = Monitor<Snapshot?>(nil)

  init(_ engine: any Engine) {
    self.engine = engine
  }

  func paths(_ context: RequestContext) throws(CASError) -> ReferencePaths { try current().paths }

  func descriptor(of name: ReferenceName, _ context: RequestContext) throws(CASError) -> Descriptor {
    try engine.reference(named: name)
  }

  func unnamed(_ context: RequestContext) throws(CASError) -> [FileName: Descriptor] { try current().unnamed }

  func index(_ context: RequestContext) throws(CASError) -> [UInt8] { try current().index }

  func refresh(_ names: [ReferenceName]) {
    snapshot.withLock { $0 = nil }
  }

  private func current() throws(CASError) -> Snapshot {
    let now = ContinuousClock.now
    let known = snapshot.withLock { $0 }
    if let known, now < known.taken + Self.lifetime { return known }
    let new = try read(known, now)
    snapshot.withLock { $0 = new }
    return new
  }

  private func read(_ known: Snapshot?, _ now: ContinuousClock.Instant) throws(CASError) -> Snapshot {
    let index = try engine.index()
    if var known, known.index == index.content {
      known.taken = now
      return known
    }
    let unnamed = index.entries.filter { $0.name == nil }.compactMap { try? $0.descriptor.get() }
    return Snapshot(
      paths: ReferencePaths(
        try engine.listReferences().map { ListedReference(name: $0.name, descriptor: $0.descriptor) }),
      unnamed: Dictionary(unnamed.map { (FileName("@\($0.digest)"), $0) }) { (first, _) in first },
      index: index.content, taken: now)
  }
}
