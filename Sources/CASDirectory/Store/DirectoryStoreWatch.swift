import CAS
import CASPlatform
import OCI
import SystemPackage

/// Watches the directories of a store with `inotify(7)`: the root for `index.json`, `refs`, and the directories of
/// blobs, including those that are created later.
final class DirectoryStoreWatch: StoreWatch {
  private enum Place {
    case root
    case blobs
    case references
    case algorithm(Digest.Algorithm)
  }

  private let root: OpenFile
  private let watch: DirectoryWatch
  private let report: @Sendable (StoreChange) -> Void
  private let places = Monitor([DirectoryWatch.Token: Place]())
  /// `false` once the watching thread has ended.
  private let isRunning = Monitor(true)

  init(_ root: OpenFile, _ report: @escaping @Sendable (StoreChange) -> Void) throws(Errno) {
    self.root = root
    self.report = report
    watch = try DirectoryWatch()
    try add(".", .root)
    try add("blobs", .blobs)
    try? add("refs", .references)
    addAlgorithms()
    try Thread.start("casfs-watch") { [self] in
      run()
      isRunning.withLock { $0 = false }
    }
  }

  func end() {
    watch.end()
    isRunning.wait(until: { !$0 }, then: { _ in })
  }

  private func add(_ path: String, _ place: Place) throws(Errno) {
    // A blob that was not there before, as each put makes one, is under no name that a user of the watch keeps.
    let reportsNewNames = if case .algorithm = place { false } else { true }
    let token = try watch.add(
      root.openBeneath(path, [.readOnly, .directory]), reportsNewNames: reportsNewNames)
    places.withLock { $0[token] = place }
  }

  private func addAlgorithms() {
    for algorithm in Digest.Algorithm.allCases { try? add("blobs/\(algorithm.rawValue)", .algorithm(algorithm)) }
  }

  private func run() {
    while true {
      guard let events = try? watch.next() else { return }
      // A set, since one write of a blob causes several events.
      var changes: Set<StoreChange> = []
      for event in events {
        if let change = change(event) { changes.insert(change) }
      }
      for change in changes { report(change) }
    }
  }

  private func change(_ event: DirectoryWatch.Event) -> StoreChange? {
    guard case .changed(let token, let name) = event else { return .anything }
    switch places.withLock({ $0[token] }) {
    case .root: return name.sameBytes(as: ImageIndex.fileName) ? .references : nil
    case .references: return .references
    case .blobs:
      addAlgorithms()
      return .anything
    case .algorithm(let algorithm): return Digest(algorithm, hex: name).map { .blob($0) }
    case nil: return nil
    }
  }
}
