/// The files in an image, which is not unpacked, against its unpacked tree.
enum RootFileSystems: Suite {
  static let name = "rootfs"
  private static let bigSize = 64 << 20

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let count = setting.sizes.files
    let image = try LayeredImage(setting, files: count, big: bigSize)
    let mounts = try setting.subjects.map { try setting.mount(image.store, by: $0) }
    let forgetful = FileSystem.casfs(setting.casfs, options: "layer_cache_size=0")
    let first = try setting.mount(image.store, by: forgetful)

    func comparison(
      _ work: String, _ quantity: Quantity = .time, _ target: Target? = nil, _ body: @escaping (String) throws -> Void
    ) -> Comparison {
      Comparison(
        work: "\(work) of an image of \(count) files", quantity: quantity, target: target,
        baselines: [Contender(name: "unpacked") { try seconds { try body(image.tree) } }],
        subjects: mounts.map { (mount) in
          Contender(name: mount.fileSystem.name) {
            try mount.mount()
            let root = "\(mount.place)/\(LayeredImage.path)"
            return try seconds { try body(root) }
          }
        })
    }
    return [
      Comparison(
        work: "first find of an image of \(count) files, compressed by gzip", quantity: .time, target: .time(1.2),
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
        peers: [
          Contender(name: "tar xzf, and find") {
            let place = setting.workspace.path + "/unpacked"
            defer { try? Program.run(["rm", "-rf", place]) }
            let script = "mkdir \"$2\"; tar -C \"$2\" -xzf \"$1\"; find \"$2\""
            return try Program.time(["sh", "-c", script, "sh", image.layer, place])
          }
        ]),
      comparison("find -ls", .time, .time(1.5)) { try Program.run(["find", $0, "-ls"]) },
      comparison("grep -r") { try Program.run(["sh", "-c", "! grep -r 'in no file' \"$1\"", "sh", $0]) },
      comparison("tar c") { try Program.run(["sh", "-c", "tar -C \"$1\" -cf - . | wc -c", "sh", $0]) },
      comparison("read of a big file", .rate(bytes: bigSize)) { _ = try Files.read("\($0)/big") },
    ]
  }
}
