import CAS
import CASPlatform
import OCI
import SystemPackage

/// The references of a remote store. Names are listed alone, and descriptors are fetched when they are needed.
///
/// An answer is used twenty times as long as it took, so the store is queried for at most a twentieth of the time.
/// While the store cannot be reached, old answers are used.
final class RemoteReferences: ReferenceSource {
  private struct Known<Value> {
    var value: Value
    var expiry: ContinuousClock.Instant

    /// The value until it expires.
    var fresh: Value? { .now < expiry ? value : nil }
  }

  private struct State {
    var names: Known<[ReferenceName]>?
    var paths = ReferencePaths([])
    /// The position of each name in the listing.
    var places: [ReferenceName: Int] = [:]
    var descriptors: [ReferenceName: Known<Descriptor>] = [:]
    var index: Known<[UInt8]>?
    var isListing = false
    /// The position after the last descriptor that was fetched, and how many were: a request for the next position is a
    /// scan.
    var next: (place: Int, count: Int) = (0, 0)
    /// When names were last seen to change; a name that never did is as old as the mount.
    var times: [ReferenceName: Timestamp] = [:]
    var modified: Timestamp
    /// The number of changes made here. An answer to a request from before one is not kept.
    var changes = 0
  }

  private static let minimumLifetime = Duration.milliseconds(500)
  private static let maximumLifetime = Duration.seconds(30)
  /// The most descriptors that are prefetched.
  private static let maximumBatch = 64

  private let store: any RemoteEngine
  private let started: Timestamp
  private let state: Monitor<State>

  /// - Parameter started: the modification time of existing references.
  init(_ store: any RemoteEngine, started: Timestamp) {
    self.store = store
    self.started = started
    state = Monitor(State(modified: started))
  }

  func paths(_ context: RequestContext) throws(CASError) -> ReferencePaths {
    _ = try names(context)
    return state.withLock { $0.paths }
  }

  func aliases(_ context: RequestContext) throws(CASError) -> ReferencePaths { ReferencePaths([]) }

  func unnamed(_ context: RequestContext) throws(CASError) -> [FileName: Descriptor] { [:] }

  func modified(_ context: RequestContext) throws(CASError) -> Timestamp { state.withLock { $0.modified } }

  func refresh(_ names: [ReferenceName]) {
    state.withLock { state in
      state.changes += 1
      state.modified = .now
      for name in names { state.times[name] = state.modified }
      state.names?.expiry = .now
      state.index?.expiry = .now
      if names.isEmpty { state.descriptors = [:] }
      for name in names { state.descriptors[name] = nil }
    }
  }

  func descriptor(
    of name: ReferenceName, _ context: RequestContext
  ) throws(CASError) -> (Descriptor, modified: Timestamp) {
    let descriptor = try known(name, context)
    return (descriptor, state.withLock { $0.times[name] ?? started })
  }

  private func known(_ name: ReferenceName, _ context: RequestContext) throws(CASError) -> Descriptor {
    if let known = state.withLock({ $0.descriptors[name]?.fresh }) { return known }
    context.willBlock()
    let batch = batch(from: name)
    do throws(CASError) {
      if let descriptor = try descriptors(of: batch, context)[name] { return descriptor }
    } catch {
      guard error.code == .io(.ioError), let old = state.withLock({ $0.descriptors[name]?.value }) else { throw error }
      return old
    }
    throw .notFound(OperationContext("get reference", on: name))
  }

  func index(_ context: RequestContext) throws(CASError) -> [UInt8] {
    if let known = state.withLock({ $0.index?.fresh }) { return known }
    context.willBlock()
    let begin = ContinuousClock.now
    do throws(CASError) {
      let names = try names(context)
      let changes = state.withLock { $0.changes }
      let found = try descriptors(of: names, context)
      let entries = names.compactMap { (name) in found[name].map { $0.named(name).json } }
      let index: [UInt8]
      do throws(InvalidValue) {
        index = try ImageIndex(listing: entries).content
      } catch {
        throw .invalid(OperationContext("read index", on: store.uri), error)
      }
      state.withLock { state in
        if state.changes == changes { state.index = Known(value: index, expiry: Self.expiry(of: begin)) }
      }
      return index
    } catch {
      guard error.code == .io(.ioError), let old = state.withLock({ $0.index?.value }) else { throw error }
      return old
    }
  }

  /// Every name: singleflight, one caller lists for all that wait.
  private func names(_ context: RequestContext) throws(CASError) -> [ReferenceName] {
    while true {
      let (known, isMine, changes) = state.withLock { (state) -> ([ReferenceName]?, Bool, Int) in
        if let known = state.names?.fresh { return (known, false, state.changes) }
        defer { state.isListing = true }
        return (nil, !state.isListing, state.changes)
      }
      if let known { return known }
      context.willBlock()
      if isMine { return try list(changes, context) }
      while !state.wait(for: .milliseconds(20), until: { !$0.isListing }) {
        try OperationContext("list references", on: store.uri, cancellation: context.cancellation).checkCancellation()
      }
    }
  }

  private func list(_ changes: Int, _ context: RequestContext) throws(CASError) -> [ReferenceName] {
    let begin = ContinuousClock.now
    let listed = Result { () throws(CASError) in try store.listReferenceNames(cancellation: context.cancellation) }
    return try state.withLock { (state) throws(CASError) in
      state.isListing = false
      let names: [ReferenceName]
      switch listed {
      case .success(let listed): names = listed
      case .failure(let error):
        guard error.code == .io(.ioError), let old = state.names?.value else { throw error }
        names = old
      }
      if state.names?.value != names {
        if state.names != nil { state.modified = .now }
        state.paths = ReferencePaths(names.map { ListedReference(name: $0, descriptor: nil, modified: started) })
        state.places = Dictionary(names.enumerated().map { ($1, $0) }) { (first, _) in first }
        state.descriptors = state.descriptors.filter { state.places[$0.key] != nil }
        state.times = state.times.filter { state.places[$0.key] != nil }
      }
      // A listing from before a change shows that only by chance, so it expires immediately.
      let expiry = state.changes == changes ? Self.expiry(of: begin) : begin
      state.names = Known(value: names, expiry: expiry)
      return names
    }
  }

  /// The names to fetch for one: a scan prefetches the names that follow, twice as many each time.
  private func batch(from name: ReferenceName) -> [ReferenceName] {
    state.withLock { state in
      guard let place = state.places[name], let names = state.names?.value else { return [name] }
      let count = place == state.next.place ? min(max(state.next.count * 2, 1), Self.maximumBatch) : 1
      let batch = Array(names.dropFirst(place).prefix(count))
      state.next = (place + batch.count, count)
      return batch
    }
  }

  /// The descriptors of names; only the unknown ones are fetched.
  private func descriptors(
    of names: [ReferenceName], _ context: RequestContext
  ) throws(CASError) -> [ReferenceName: Descriptor] {
    let begin = ContinuousClock.now
    let (known, changes) = state.withLock { (state) in
      (
        Dictionary(
          uniqueKeysWithValues: names.compactMap { (name) in
            state.descriptors[name]?.fresh.map { (name, $0) }
          }), state.changes
      )
    }
    let wanted = names.filter { known[$0] == nil }
    let found = try store.references(named: wanted, cancellation: context.cancellation)
    let expiry = Self.expiry(of: begin)
    return state.withLock { state in
      var all = known
      for reference in found {
        all[reference.name] = reference.descriptor
        if state.changes == changes {
          if let old = state.descriptors[reference.name]?.value, old != reference.descriptor {
            state.modified = .now
            state.times[reference.name] = state.modified
          }
          state.descriptors[reference.name] = Known(value: reference.descriptor, expiry: expiry)
        }
      }
      return all
    }
  }

  /// The expiry of an answer that arrives now.
  ///
  /// - Parameter begin: when it was requested.
  private static func expiry(of begin: ContinuousClock.Instant) -> ContinuousClock.Instant {
    let now = ContinuousClock.now
    return now + min(max(minimumLifetime, (now - begin) * 20), maximumLifetime)
  }
}
