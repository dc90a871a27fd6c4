import CAS
import CASPlatform
import OCI

/// The references of a store that is quick to read, as a snapshot that is read again after half a second.
final class LocalReferences: ReferenceSource {
  private struct Snapshot {
    var paths: ReferencePaths
    var aliases: ReferencePaths
    var unnamed: [FileName: Descriptor]
    var index: [UInt8]
    var taken: ContinuousClock.Instant
    /// When the index was first seen in this state; the start of the mount for an index that never changed.
    var modified: Timestamp
    /// The number of changes when reading began.
    var changes: UInt64
  }

  /// The text of the index, which most tools of layouts need alone.
  private struct Text {
    var index: IndexText
    var taken: ContinuousClock.Instant
    var modified: Timestamp
    var changes: UInt64
  }

  private struct State {
    var snapshot: Snapshot?
    var text: Text?
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

  func aliases(_ context: RequestContext) throws(CASError) -> ReferencePaths { try current().aliases }

  func descriptor(
    of name: ReferenceName, _ context: RequestContext
  ) throws(CASError) -> (Result<Descriptor, CASError>, modified: Timestamp) {
    (.success(try engine.reference(named: name)), try current().modified)
  }

  func unnamed(_ context: RequestContext) throws(CASError) -> [FileName: Descriptor] { try current().unnamed }

  func index(_ context: RequestContext) throws(CASError) -> IndexText { try currentText().index }

  func modified(_ context: RequestContext) throws(CASError) -> Timestamp { try currentText().modified }

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

  private func currentText() throws(CASError) -> Text {
    let now = ContinuousClock.now
    let (known, changes) = state.withLock { ($0.text, $0.changes) }
    if let known, known.changes == changes, now < known.taken + Self.lifetime { return known }
    let index = try engine.indexText(like: known?.index)
    var modified = known?.modified ?? started
    if let known, known.index.content != index.content { modified = .now }
    let new = Text(index: index, taken: now, modified: modified, changes: changes)
    return state.withLock { state in
      if (state.text?.changes ?? 0) <= changes { state.text = new }
      return new
    }
  }

  private func read(_ known: Snapshot?) throws(CASError) -> Snapshot {
    let index = try engine.index()
    if let known, known.index == index.content { return known }
    let modified = known == nil ? started : .now
    let named = index.namedEntries
    var listed: [ListedReference] = []
    var aliases: [ListedReference] = []
    for entry in named {
      guard let descriptor = try? index.entries[entry.position].descriptor.get() else { continue }
      let reference = ListedReference(name: entry.name, descriptor: descriptor, modified: modified)
      if entry.isListed { listed.append(reference) } else { aliases.append(reference) }
    }
    return Snapshot(
      paths: ReferencePaths(listed, after: known?.paths), aliases: ReferencePaths(aliases, after: known?.aliases),
      unnamed: Self.unnamed(index, named), index: index.content, taken: .now, modified: modified, changes: 0)
  }

  /// The entries that no name leads to, by the names that they have in `images`. A duplicate of a name is omitted if the
  /// name leads to the same content.
  private static func unnamed(_ index: ImageIndex, _ named: [ImageIndex.NamedEntry]) -> [FileName: Descriptor] {
    let reached = Set(named.map(\.position))
    guard reached.count < index.entries.count else { return [:] }
    let digests = Set(reached.compactMap { try? index.entries[$0].descriptor.get().digest })
    var unnamed: [FileName: Descriptor] = [:]
    for (position, entry) in index.entries.enumerated() where !reached.contains(position) {
      guard let descriptor = try? entry.descriptor.get() else { continue }
      if entry.name != nil, digests.contains(descriptor.digest) { continue }
      let name = FileName("@\(descriptor.digest)")
      unnamed[name] = unnamed[name] ?? descriptor
    }
    return unnamed
  }
}
