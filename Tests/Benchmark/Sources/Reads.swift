import Glibc

/// Reading a big blob.
enum Reads: Suite {
  static let name = "reads"

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let (store, digest) = try setting.storeWithBigBlob()
    try Artifact.add(to: store, blob: digest, size: setting.sizes.big)
    let views = try setting.views(of: store, files: 1)
    let size = setting.sizes.big
    let original = "\(store.blobs)/\(digest)"
    let isRoot = geteuid() == 0

    /// Mounts again, verifies the blob, and reads the store's file into the page cache.
    func prepareFirst(_ mount: Mount?) throws {
      try mount?.renew()
      if let mount { try verify("\(mount.blobs)/\(digest)") }
      try Files.read(original)
      // For the page cache of the mount.
      if !isRoot { Machine.takeMemory(size) }
    }
    let read = { (blobs: String) in _ = try Files.read("\(blobs)/\(digest)") }
    let readByFour = { (blobs: String) in try Threads.run(4) { _ in try Files.read("\(blobs)/\(digest)") } }

    var first = views.comparison("first read", .rate(bytes: size), .speed(0.9), prepare: prepareFirst, body: read)
    var repeated = views.comparison("repeated read", .rate(bytes: size), .speed(isRoot ? 0.9 : 0.8), body: read)
    if !isRoot {
      compareWithPassthrough(&first)
      repeated.peers.append(try pageByPage(size))
    }
    let byName = views.subjects.map { (mount) in
      Contender(name: mount.fileSystem.name) {
        try prepareFirst(mount)
        return try seconds { try Files.read("\(mount.place)/\(Artifact.path)") }
      }
    }
    var comparisons = [
      first, repeated,
      Comparison(
        work: "first read by the name in an artifact", quantity: .rate(bytes: size), target: isRoot ? .speed(0.9) : nil,
        baselines: first.baselines, subjects: byName),
      views.comparison(
        "first read, 4 readers at once", .rate(bytes: 4 * size), isRoot ? .speed(0.9) : nil, prepare: prepareFirst,
        body: readByFour),
      views.comparison(
        "repeated read, 4 readers at once", .rate(bytes: 4 * size), isRoot ? .speed(0.9) : nil, body: readByFour),
    ]
    if isRoot {
      let cold = views.comparison(
        "read from the disk", .rate(bytes: size), .speed(0.95),
        prepare: { mount in
          if let mount {
            try mount.mount()
            try verify("\(mount.blobs)/\(digest)")
          }
          try Files.dropCaches()
        }, body: read)
      comparisons.append(cold)
    }
    return comparisons + [
      try firstOpen(setting, store, digest), try firstOpenOfRemembered(setting, store, digest),
    ]
  }

  /// Compares the first read with other FUSE file systems, because an ordinary user has no passthrough.
  private static func compareWithPassthrough(_ comparison: inout Comparison) {
    guard let peer = comparison.peers.firstIndex(where: { $0.name == "passthrough_ll" }) else { return }
    let native = comparison.baselines
    comparison.baselines = [comparison.peers.remove(at: peer)]
    comparison.peers += native
    comparison.target = .speed(3)
  }

  /// A file cached in single pages, as the kernel caches files of FUSE file systems.
  private static func pageByPage(_ size: Int) throws -> Contender {
    let name = "/dev/shm/casfs-benchmark-\(getpid())"
    let file = try Files.open(name, O_RDWR | O_CREAT | O_EXCL)
    unsafe unlink(name)
    let piece = Content.bytes(1 << 20, seed: 3)
    for _ in 0..<max(1, size >> 20) { try Files.write(piece, to: file, name) }
    return Contender(name: "tmpfs") { try seconds { try Files.read("/proc/self/fd/\(file)") } }
  }

  /// The time to verify an unread blob before its first byte is served.
  private static func firstOpen(_ setting: Setting, _ store: Store, _ digest: String) throws -> Comparison {
    let subjects = try setting.subjects.map { fileSystem in
      let mount = try setting.mount(store, by: fileSystem)
      return Contender(name: fileSystem.name) {
        try Files.read("\(store.blobs)/\(digest)")
        try mount.renew()
        return try seconds { try verify("\(mount.blobs)/\(digest)") }
      }
    }
    let size = setting.sizes.big
    return Comparison(
      work: "first open, not verified before", quantity: .rate(bytes: size), target: .speed(0.9),
      baselines: [Contender(name: "SHA-256 in memory") { Content.hashingTime(size) }], subjects: subjects)
  }

  /// The time of the first open in a new mount, of a blob that an earlier mount verified and recorded.
  private static func firstOpenOfRemembered(
    _ setting: Setting, _ store: Store, _ digest: String
  ) throws -> Comparison {
    let contenders = try ["verify=once", "verify=remember"].map { (options) in
      let mount = try setting.mount(store, by: .casfs(setting.casfs, options: options))
      return Contender(name: mount.fileSystem.name) {
        try mount.renew()
        try verify("\(mount.blobs)/\(digest)")
        try mount.renew()
        return try seconds { try verify("\(mount.blobs)/\(digest)") }
      }
    }
    return Comparison(
      work: "first open in a new mount, verified by an earlier one", quantity: .time, target: .value(0.002),
      baselines: [contenders[0]], subjects: [contenders[1]])
  }

  private static func verify(_ blob: String) throws {
    var byte: [UInt8] = [0]
    try Files.readStart(blob, into: &byte)
  }
}
