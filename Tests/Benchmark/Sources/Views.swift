/// A store, and its views through file systems.
struct Views {
  /// The store.
  let store: Store
  /// casfs, with several sets of options.
  let subjects: [Mount]
  /// Other programs that do the same.
  let peers: [Mount]

  /// Compares the same work on the store's blobs through all views.
  ///
  /// - Parameter prepare: uncounted preparation; takes no mount for the store itself.
  /// - Parameter body: the work; takes the directory of the blobs.
  func comparison(
    _ work: String, _ quantity: Quantity, _ target: Target? = nil,
    prepare: @escaping (Mount?) throws -> Void = { try $0?.mount() }, body: @escaping (String) throws -> Void
  ) -> Comparison {
    let native = Contender(name: "native") { [store] in
      try prepare(nil)
      return try seconds { try body(store.blobs) }
    }
    func contender(_ mount: Mount) -> Contender {
      Contender(name: mount.fileSystem.name) {
        try prepare(mount)
        return try seconds { try body(mount.blobs) }
      }
    }
    return Comparison(
      work: work, quantity: quantity, target: target, baselines: [native], subjects: subjects.map(contender),
      peers: peers.map(contender))
  }
}
