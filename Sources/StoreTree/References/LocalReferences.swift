import CAS
import CASPlatform
import OCI

/// The references of a store that is quick to read, as a snapshot that is read again after half a second.
final class LocalReferences: ReferenceSource {
  /// A state of the index.
  ///
  /// It is a class, because each lookup of a name needs it: a copy of a value would retain each of its arrays.
  fileprivate final class Snapshot: Sendable {
    let index: ImageIndex
    /// The number of this state of the index.
    let version: Int
    let taken: ContinuousClock.Instant
    /// When the index was first seen in this state; the start of the mount for an index that never changed.
    let modified: Timestamp
    /// The number of changes when reading began.
    let changes: UInt64

    init(_ index: ImageIndex, version: Int, taken: ContinuousClock.Instant, modified: Timestamp, changes: UInt64) {
      self.index = index
      self.version = version
      self.taken = taken
      self.modified = modified
      self.changes = changes
    }
  }

  /// The names in a snapshot. Most tools of layouts need the text of the index alone.
  fileprivate final class Names: Sendable {
    let index: ImageIndex
    let version: Int
    let paths: ReferencePaths
    let aliases: ReferencePaths
    /// The positions of the entries that no name leads to.
    let unnamed: [Int]

    fileprivate init(_ snapshot: Snapshot, paths: ReferencePaths, aliases: ReferencePaths, unnamed: [Int]) {
      index = snapshot.index
      version = snapshot.version
      self.paths = paths
      self.aliases = aliases
      self.unnamed = unnamed
    }
  }

  private struct Unnamed {
    var version: Int
    var entries: [FileName: Descriptor]
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
  // Held while names are read, so that one thread does it for all that wait.
  private let names = Monitor<Names?>(nil)
  private let unnamed = Monitor<Unnamed?>(nil)

  /// - Parameter started: the modification time of existing references.
  init(_ engine: any Engine, started: Timestamp) {
    self.engine = engine
    self.started = started
  }

  func paths(_ context: RequestContext) throws(CASError) -> ReferencePaths { try currentNames().paths }

  func aliases(_ context: RequestContext) throws(CASError) -> ReferencePaths { try currentNames().aliases }

  func descriptor(
    of name: ReferenceName, _ context: RequestContext
  ) throws(CASError) -> (Result<Descriptor, CASError>, modified: Timestamp) {
    (.success(try engine.reference(named: name)), try current().modified)
  }

  func index(_ context: RequestContext) throws(CASError) -> IndexText { try current().index.text }

  func modified(_ context: RequestContext) throws(CASError) -> Timestamp { try current().modified }

  func refresh(_ names: [ReferenceName]) {
    state.withLock { $0.changes += 1 }
  }

  private func current() throws(CASError) -> Snapshot {
    let now = ContinuousClock.now
    let (known, changes) = state.withLock { ($0.snapshot, $0.changes) }
    if let known, known.changes == changes, now < known.taken + Self.lifetime { return known }
    let index = try engine.index()
    return state.withLock { state in
      // Another thread can have read a newer snapshot.
      if let other = state.snapshot, other.changes > changes { return other }
      let known = state.snapshot
      let isSame = known.map { $0.index.content.span.hasBytes(of: index.content.span) } ?? true
      let new = Snapshot(
        index, version: (known?.version ?? 0) + (isSame ? 0 : 1), taken: now,
        modified: isSame ? known?.modified ?? started : .now, changes: changes)
      state.snapshot = new
      return new
    }
  }

  private func currentNames() throws(CASError) -> Names {
    let snapshot = try current()
    return names.withLock { (names) in
      if let names, names.version >= snapshot.version { return names }
      let new = names?.changed(to: snapshot) ?? Names(snapshot, after: names)
      names = new
      return new
    }
  }

  /// The entries that no name leads to, by the names that they have in `images`. A duplicate of a name is omitted if a name
  /// leads to the same content.
  func unnamed(_ context: RequestContext) throws(CASError) -> [FileName: Descriptor] {
    let names = try currentNames()
    return unnamed.withLock { (unnamed) in
      if let unnamed, unnamed.version == names.version { return unnamed.entries }
      let entries = names.index.entries
      let duplicates = names.unnamed.contains { entries[$0].name != nil }
      let isUnnamed = Set(names.unnamed)
      let digests =
        duplicates
        ? Set(
          entries.indices.lazy.filter { !isUnnamed.contains($0) }.compactMap {
            try? entries[$0].descriptor.get().digest
          })
        : []
      var found: [FileName: Descriptor] = [:]
      for position in names.unnamed {
        let entry = entries[position]
        guard let descriptor = try? entry.descriptor.get() else { continue }
        if entry.name != nil, digests.contains(descriptor.digest) { continue }
        let name = FileName("@\(descriptor.digest)")
        found[name] = found[name] ?? descriptor
      }
      unnamed = Unnamed(version: names.version, entries: found)
      return found
    }
  }
}

extension LocalReferences.Names {
  /// Reads the names of all entries.
  fileprivate convenience init(_ snapshot: LocalReferences.Snapshot, after former: LocalReferences.Names?) {
    let index = snapshot.index
    let named = index.namedEntries
    let valid = named.filter(\.isDescriptor)
    self.init(
      snapshot,
      paths: ReferencePaths(
        valid.filter(\.isListed), of: index, modified: snapshot.modified, after: former?.paths),
      aliases: ReferencePaths(
        valid.filter { !$0.isListed }, of: index, modified: snapshot.modified, after: former?.aliases),
      unnamed: index.positions(without: named))
  }

  /// Reads the names of the entries that changed; `nil` if those of others can have changed too.
  fileprivate func changed(to snapshot: LocalReferences.Snapshot) -> LocalReferences.Names? {
    guard let changes = ImageIndex.NameChanges(from: index, unnamed: unnamed, to: snapshot.index),
      let paths = paths.changed(by: changes, in: snapshot.index, modified: snapshot.modified)
    else { return nil }
    // No entry has a whole name, which alone can be an alias.
    return LocalReferences.Names(snapshot, paths: paths, aliases: ReferencePaths(), unnamed: changes.unnamed)
  }
}
