import CAS
import CASPlatform
import OCI

/// The references of a store that is quick to read, as a snapshot that is read again after half a second.
final class LocalReferences: ReferenceSource {
  private struct Snapshot {
    var paths: ReferencePaths
    var unnamed: [FileName: Descriptor]
    var index: [UInt8]
    var taken: ContinuousClock.Instant
    /// When the index was first seen in this state; the start of the mount for an index that never changed.
    var modified: Timestamp
    /// The number of changes when reading began.
    var changes: UInt64
  }

  private struct State {
    var snapshot: Snapshot?
    /// The number of changes that were noticed. A snapshot from before the last one is out of date.
    var changes: UInt64 = 0
  }

  private static let lifetime = Duration.milliseconds(500)
  private let engine: any Engine
  private let started: Timestamp
  private let state = Monitor(State())

  /// - Parameter started: the modification time of existing references.
  init(_ engine: any Engine, started: Timestamp) {
    self.engine = engine
    self.started = started
  }

  func paths(_ context: RequestContext) throws(CASError) -> ReferencePaths { try current().paths }

  func descriptor(
    of name: ReferenceName, _ context: RequestContext
  ) throws(CASError) -> (Descriptor, modified: Timestamp) {
    (try engine.reference(named: name), try current().modified)
  }

  func unnamed(_ context: RequestContext) throws(CASError) -> [FileName: Descriptor] { try current().unnamed }

  func index(_ context: RequestContext) throws(CASError) -> [UInt8] { try current().index }

  func modified(_ context: RequestContext) throws(CASError) -> Timestamp { try current().modified }

  func refresh(_ names: [ReferenceName]) {
    state.withLock { $0.changes += 1 }
  }

  private func current() throws(CASError) -> Snapshot {
    let now = ContinuousClock.now
    let (known, changes) = state.withLock { ($0.snapshot, $0.changes) }
    if let known, known.changes == changes, now < known.taken + Self.lifetime { return known }
    var new = try read(known)
    new.taken = now
    new.changes = changes
    return state.withLock { state in
      // Another thread can have read a newer snapshot.
      if (state.snapshot?.changes ?? 0) <= changes { state.snapshot = new }
      return new
    }
  }

  private func read(_ known: Snapshot?) throws(CASError) -> Snapshot {
    let index = try engine.index()
    if let known, known.index == index.content { return known }
    let modified = known == nil ? started : .now
    let listed = try engine.listReferences().map {
      ListedReference(name: $0.name, descriptor: $0.descriptor, modified: modified)
    }
    let unnamed = index.entries.filter { $0.name == nil }.compactMap { try? $0.descriptor.get() }
    return Snapshot(
      paths: ReferencePaths(listed, after: known?.paths),
      unnamed: Dictionary(unnamed.map { (FileName("@\($0.digest)"), $0) }) { (first, _) in first },
      index: index.content, taken: .now, modified: modified, changes: 0)
  }
}
