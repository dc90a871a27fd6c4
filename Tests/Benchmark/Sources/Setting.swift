/// The programs, the sizes, and the stores that several suites use.
final class Setting {
  /// The folder of all files.
  let workspace: Workspace
  /// The casfs program.
  let casfs: String
  /// The requested sizes.
  let sizes: Sizes
  /// casfs, once per set of options.
  let subjects: [FileSystem]
  /// Other programs that do the same.
  let peers: [FileSystem]

  /// Whether peers are measured.
  let hasPeers: Bool

  /// The peers omitted from some rows, with the reasons.
  private(set) var notes: Set<String> = []

  private var places = 0
  private var bigBlob: (store: Store, digest: String)?
  private var manyBlobs: Store?

  init(_ workspace: Workspace, casfs: String, mountOptions: [String], sizes: Sizes, peers: Baselines?) {
    self.workspace = workspace
    self.casfs = casfs
    self.sizes = sizes
    self.peers = peers?.fileSystems ?? []
    hasPeers = peers != nil
    subjects = (mountOptions.isEmpty ? [""] : mountOptions).map { .casfs(casfs, options: $0) }
  }

  /// An empty store.
  func store(_ name: String) throws -> Store {
    try Store(at: "\(workspace.path)/\(name)")
  }

  /// A store with one big blob, and the blob's digest.
  func storeWithBigBlob() throws -> (store: Store, digest: String) {
    if let bigBlob { return bigBlob }
    let store = try store("big")
    let made = (store, try store.addBig(sizes.big, seed: 3))
    bigBlob = made
    return made
  }

  /// A store with many small blobs.
  func storeWithManyBlobs() throws -> Store {
    if let manyBlobs { return manyBlobs }
    let store = try store("many")
    try store.addSmall(sizes.blobs, bytes: 64)
    manyBlobs = store
    return store
  }

  /// A mount point for a file system that shows a store.
  func mount(_ store: Store, by fileSystem: FileSystem) throws -> Mount {
    places += 1
    return try Mount(store, by: fileSystem, at: "\(workspace.path)/mount-\(places)")
  }

  /// A store with mount points for all file systems that can show it.
  ///
  /// - Parameter files: its number of files.
  /// - Parameter more: peers for this store only.
  func views(of store: Store, files: Int, and more: [FileSystem] = []) throws -> Views {
    for peer in peers where peer.capacity < files {
      notes.insert("\(peer.name), of more than \(peer.capacity) files: it would have too many open")
    }
    return Views(
      store: store, subjects: try subjects.map { try mount(store, by: $0) },
      peers: try (peers.filter { $0.capacity >= files } + more).map { try mount(store, by: $0) })
  }
}

/// Sizes and counts.
struct Sizes {
  /// The size of a big blob in bytes.
  var big: Int
  /// The size in bytes of the blob that is read while memory is measured.
  var streamed: Int
  /// The number of blobs of a big store.
  var blobs: Int
  /// The number of files that are written.
  var files: Int
}
