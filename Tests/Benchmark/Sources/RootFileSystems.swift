import Glibc

/// The files in an image, which is not unpacked, against its unpacked tree, its decoder alone, and peers.
enum RootFileSystems: Suite {
  static let name = "rootfs"
  private static let bigSize = 64 << 20
  /// Memory for the decoder and what it decoded, in bytes, and for each file.
  private static let memory = (fixed: 64 << 20, file: 150)

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let count = setting.sizes.files
    let image = try LayeredImage(setting, files: count, big: bigSize)
    let peers = try ArchivePeer.installed(image, setting)
    let mounts = try setting.subjects.map { try setting.mount(image.store, by: $0) }

    func comparison(
      _ work: String, _ quantity: Quantity = .time, _ target: Target? = nil, baselines: [Contender]? = nil,
      prepare: @escaping (Mount) throws -> Void = { try $0.mount() },
      preparePeer: @escaping (ArchivePeer) throws -> Void = { try $0.mount() },
      _ body: @escaping (String) throws -> Void
    ) -> Comparison {
      let unpacked = Contender(name: "unpacked") { try seconds { try body(image.tree) } }
      return Comparison(
        work: "\(work) of an image of \(count) files", quantity: quantity, target: target,
        baselines: baselines ?? [unpacked],
        subjects: mounts.map { (mount) in
          Contender(name: mount.fileSystem.name) {
            try prepare(mount)
            let root = "\(mount.place)/\(LayeredImage.path)"
            return try seconds { try body(root) }
          }
        },
        peers: peers.map { (peer) in
          Contender(name: peer.name) {
            try preparePeer(peer)
            return try seconds { try body(peer.place) }
          }
        } + (baselines == nil ? [] : [unpacked]))
    }
    func pack(_ root: String) throws { try Program.run(["sh", "-c", "tar -C \"$1\" -cf - . | wc -c", "sh", root]) }
    let decoder = Contender(name: "gzip -dc") {
      try Program.time(["sh", "-c", "gzip -dc \"$1\" | wc -c", "sh", image.layer])
    }
    return [
      try firstFind(image, peers, setting),
      comparison("find -ls", .time, .time(1.5)) { try Program.run(["find", $0, "-ls"]) },
      comparison(
        "cat of a small file in a second mount", .time, .value(0.02), prepare: { try $0.renew() },
        preparePeer: { try $0.renew() }
      ) { try Program.run(["cat", "\($0)/\(image.lastFile)"]) },
      comparison("grep -r") { try Program.run(["sh", "-c", "! grep -r 'in no file' \"$1\"", "sh", $0]) },
      comparison("tar c", .time, .time(1.5), baselines: [decoder], prepare: { try $0.renew() }, pack),
      comparison("read of a big file", .rate(bytes: bigSize)) { _ = try Files.read("\($0)/big") },
      try plain(setting), try index(image, setting),
      Comparison(
        work: "resident at most, find -ls and tar c of an image of \(count) files", quantity: .memory,
        target: .value(Double(memory.fixed + memory.file * count)),
        subjects: try setting.subjects.map { (fileSystem) in
          try Memory.resident(image.store, fileSystem, "VmHWM", setting) { (place) in
            let root = "\(place)/\(LayeredImage.path)"
            try Program.run(["find", root, "-ls"])
            try pack(root)
          }
        }, isOnce: true),
    ]
  }

  /// The first use of an image, whose layers no mount has read. Peers read theirs when they mount it.
  private static func firstFind(
    _ image: LayeredImage, _ peers: [ArchivePeer], _ setting: Setting
  ) throws -> Comparison {
    let forgetful = FileSystem.casfs(setting.casfs, options: "layer_cache_size=0")
    let first = try setting.mount(image.store, by: forgetful)
    let unpacking = Contender(name: "tar xzf, and find") {
      let place = setting.workspace.path + "/unpacked"
      defer { try? Program.run(["rm", "-rf", place]) }
      let script = "mkdir \"$2\"; tar -C \"$2\" -xzf \"$1\"; find \"$2\""
      return try Program.time(["sh", "-c", script, "sh", image.layer, place])
    }
    return Comparison(
      work: "first find of an image of \(setting.sizes.files) files, compressed by gzip", quantity: .time,
      target: .time(1.2),
      baselines: [
        Contender(name: "gzip -dc, and sha256sum of both") {
          try Program.time([
            "sh", "-c", "sha256sum \"$1\"; gzip -dc \"$1\" | sha256sum", "sh", image.layer,
          ])
        }
      ],
      subjects: [
        Contender(name: first.fileSystem.name) {
          try first.renew()
          return try Program.time(["find", "\(first.place)/\(LayeredImage.path)"])
        }
      ],
      peers: [unpacking]
        + peers.map { (peer) in
          Contender(name: "\(peer.name), mount and find") {
            try seconds {
              try peer.renew(isFirst: true)
              try Program.run(["find", peer.place])
            }
          }
        })
  }

  /// The first read of a file in a layer that is not compressed.
  private static func plain(_ setting: Setting) throws -> Comparison {
    let image = try LayeredImage(setting, files: 100, big: bigSize, isCompressed: false)
    return Comparison(
      work: "first read of a big file in a plain layer", quantity: .rate(bytes: bigSize), target: .speed(0.5),
      baselines: [Contender(name: "unpacked") { try seconds { _ = try Files.read(image.tree + "/big") } }],
      subjects: try setting.subjects.map { (fileSystem) in
        let mount = try setting.mount(image.store, by: fileSystem)
        return Contender(name: fileSystem.name) {
          try mount.renew()
          let root = "\(mount.place)/\(LayeredImage.path)"
          try Program.run(["find", root])
          return try seconds { _ = try Files.read(root + "/big") }
        }
      })
  }

  /// The file of the layer cache.
  private static func index(_ image: LayeredImage, _ setting: Setting) throws -> Comparison {
    let cache = setting.workspace.path + "/layer-cache"
    try Files.makeDirectory(cache)
    let fileSystem = FileSystem(
      name: "casfs",
      mounting: { ["env", "XDG_CACHE_HOME=\(cache)", setting.casfs, "mount", $0.path, $1] },
      unmounting: { [setting.casfs, "unmount", $0] })
    let mount = try setting.mount(image.store, by: fileSystem)
    return Comparison(
      work: "index of an image of \(setting.sizes.files) files", quantity: .memory, target: .time(0.01),
      baselines: [Contender(name: "layer") { Double(try Files.size(image.layer)) }],
      subjects: [
        Contender(name: fileSystem.name) {
          try mount.renew()
          try Program.run(["find", "\(mount.place)/\(LayeredImage.path)"])
          // It is written after the names are shown.
          try mount.unmount()
          let sizes = try Program.output(
            of: ["find", cache + "/casfs-layers", "-type", "f", "-printf", "%s\n"], in: setting.workspace)
          return Double(sizes.split(separator: "\n").compactMap { Int($0) }.reduce(0, +))
        }
      ], isOnce: true)
  }
}
