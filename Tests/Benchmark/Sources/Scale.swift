/// The time to mount.
enum Scale: Suite {
  static let name = "scale"

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let few = try setting.store("few")
    try few.addSmall(10, bytes: 64)
    let many = try setting.storeWithManyBlobs()
    let unnamed = FileSystem.casfs(setting.casfs, options: "")
    return [
      Comparison(
        work: "mounting \(setting.sizes.blobs) blobs", quantity: .time, target: .value(0.05),
        baselines: [try mounting(few, by: unnamed, as: "mounting 10", setting)],
        subjects: try setting.subjects.map { try mounting(many, by: $0, as: $0.name, setting) },
        peers: try setting.peers.map { try mounting(few, by: $0, as: "\($0.name), 10", setting) })
    ]
  }

  private static func mounting(
    _ store: Store, by fileSystem: FileSystem, as name: String, _ setting: Setting
  ) throws -> Contender {
    let mount = try setting.mount(store, by: fileSystem)
    return Contender(name: name) {
      try mount.unmount()
      return try seconds { try mount.mount() }
    }
  }
}
