import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

/// The references of a remote store. Names are listed alone, and descriptors are fetched when they are needed.
///
/// If the store does not list its names, it has none here, and those that are asked for are looked up.
///
/// An answer is used twenty times as long as it took, so the store is queried for at most a twentieth of the time.
/// While the store cannot be reached, old answers are used.
final class RemoteReferences: ReferenceSource {
  /// The most descriptors that are prefetched.
  private static let maximumBatch = 64
  /// The most answers that are kept for names that the store does not list.
  private static let maximumUnlisted = 1024

  private let store: any RemoteEngine
  private let started: Timestamp
  private let logger: Logger
  private let state: Monitor<RemoteReferenceState>

  /// - Parameter started: the modification time of existing references.
  init(_ store: any RemoteEngine, started: Timestamp, logger: Logger) {
    self.store = store
    self.started = started
    self.logger = logger
    state = Monitor(RemoteReferenceState(modified: started))
  }

  func paths(_ context: RequestContext) throws(CASError) -> ReferencePaths {
    _ = try names(context)
    return state.withLock { $0.paths }
  }

  func aliases(_ context: RequestContext) throws(CASError) -> ReferencePaths { ReferencePaths() }

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
      state.listedInVain = [:]
    }
  }

  func listingFailure(_ context: RequestContext) throws(CASError) -> CASError? {
    _ = try names(context)
    return state.withLock { $0.listingFailure }
  }

  func unlisted(_ path: [FileName], _ context: RequestContext) throws(CASError) -> ListedReference? {
    guard path.count == 1, try listingFailure(context) != nil,
      let text = path.first.flatMap({ PercentEncoding.decode($0.text) }), let name = try? ReferenceName(reading: text)
    else { return nil }
    if case .failure(let error) = try known(name, context), error.code == .notFound { return nil }
    return ListedReference(name: name, entry: nil, modified: started)
  }

  func descriptor(
    of name: ReferenceName, _ context: RequestContext
  ) throws(CASError) -> (Result<Descriptor, CASError>, modified: Timestamp) {
    var descriptor = try known(name, context)
    if case .failure(let error) = descriptor, error.code == .notFound {
      // The listing tells a reference that was deleted from one that is listed all the same.
      if state.withLock({ $0.listedInVain[name].map { $0 <= .now } ?? true }) {
        state.withLock { $0.names?.expiry = .now }
        guard try names(context).contains(name) else { throw error }
        state.withLock { $0.listedInVain[name] = $0.descriptors[name]?.expiry }
        descriptor = try known(name, context)
      }
    }
    return (descriptor, state.withLock { $0.times[name] ?? started })
  }

  private func known(
    _ name: ReferenceName, _ context: RequestContext
  ) throws(CASError) -> Result<Descriptor, CASError> {
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

  func index(_ context: RequestContext) throws(CASError) -> IndexText {
    if let known = state.withLock({ $0.index?.fresh }) { return known }
    context.willBlock()
    let begin = ContinuousClock.now
    do throws(CASError) {
      let names = try names(context)
      let changes = state.withLock { $0.changes }
      let found = try descriptors(of: names, context)
      let entries = names.compactMap { (name) in (try? found[name]?.get())?.named(name).json }
      let index: IndexText
      do throws(InvalidValue) {
        index = try ImageIndex(listing: entries).text
      } catch {
        throw .invalid(OperationContext("read index", on: store.uri), error)
      }
      state.withLock { state in
        guard state.changes == changes else { return }
        state.index = RemoteAnswer(value: index, expiry: RemoteExpiry.ofAnswer(requestedAt: begin))
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
      case .success(let listed):
        names = listed
        state.listingFailure = nil
      case .failure(let error):
        switch error.code {
        case .io(.ioError):
          guard let old = state.names?.value else { throw error }
          names = old
        case .io(.permissionDenied), .notImplemented, .notFound, .invalid:
          names = []
          if state.listingFailure == nil { logger.warning("references are found by name only: \(error)") }
          state.listingFailure = error
        default: throw error
        }
      }
      if state.names?.value != names {
        if state.names != nil { state.modified = .now }
        state.paths = ReferencePaths(names, modified: started)
        state.places = Dictionary(names.enumerated().map { ($1, $0) }) { (first, _) in first }
        if state.listingFailure == nil {
          state.descriptors = state.descriptors.filter { state.places[$0.key] != nil }
        }
        state.times = state.times.filter { state.places[$0.key] != nil }
        state.listedInVain = [:]
      }
      // A listing from before a change shows that only by chance, so it expires immediately.
      let expiry = state.changes == changes ? RemoteExpiry.ofAnswer(requestedAt: begin) : begin
      state.names = RemoteAnswer(value: names, expiry: expiry)
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
  ) throws(CASError) -> [ReferenceName: Result<Descriptor, CASError>] {
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
    let expiry = RemoteExpiry.ofAnswer(requestedAt: begin)
    return state.withLock { state in
      if state.listingFailure != nil, state.descriptors.count > Self.maximumUnlisted { state.descriptors = [:] }
      var all = known
      for lookup in found {
        let old = state.descriptors[lookup.name]?.value
        // An error that may pass does not replace a descriptor, and is not kept.
        if lookup.failure?.code == .io(.ioError) {
          all[lookup.name] = (try? old?.get()).map { .success($0) } ?? lookup.descriptor
          continue
        }
        all[lookup.name] = lookup.descriptor
        guard state.changes == changes else { continue }
        if let old, old != lookup.descriptor {
          state.modified = .now
          state.times[lookup.name] = state.modified
        }
        state.descriptors[lookup.name] = RemoteAnswer(value: lookup.descriptor, expiry: expiry)
      }
      return all
    }
  }
}
