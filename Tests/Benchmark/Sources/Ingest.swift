/// Storing a big blob, durably.
enum Ingest: Suite {
  static let name = "ingest"

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let source = try BigSource(setting)
    let copy = source.path + ".copy"
    let native = [
      Contender(name: "cp, sync") {
        try source.renew()
        defer { source.remove(copy) }
        return try Program.time(shell("cp \"$1\" \"$2\" && sync \"$2\"", source.path, copy))
      },
      Contender(name: "SHA-256 in memory") { Content.hashingTime(setting.sizes.big) },
    ]
    let together = Contender(name: "cp, sha256sum, sync") {
      try source.renew()
      defer { source.remove(copy) }
      return try Program.time(shell("cp \"$1\" \"$2\" && sha256sum \"$2\" && sync \"$2\"", source.path, copy))
    }
    let tools = try [Skopeo.contender(setting), Containerd.contender(setting, source)].compactMap(\.self)
    let others = setting.hasPeers ? [together] + tools : []
    return [
      Comparison(
        work: "cp into incoming", quantity: .rate(bytes: setting.sizes.big), target: .speed(0.8), baselines: native,
        subjects: try setting.subjects.map { try copying(source, through: $0, setting) }, peers: others),
      Comparison(
        work: "casfs blob put", quantity: .rate(bytes: setting.sizes.big), target: .speed(0.9), baselines: native,
        subjects: [try putting(source, setting)]),
    ]
  }

  private static func copying(_ source: BigSource, through fileSystem: FileSystem, _ setting: Setting) throws
    -> Contender
  {
    let store = try setting.store("copied-\(fileSystem.name)")
    let mount = try setting.mount(store, by: fileSystem)
    return Contender(name: fileSystem.name) {
      try source.renew()
      try mount.mount()
      let time = try Program.time(["cp", source.path, mount.place + "/incoming/big"])
      try Program.run(["rm", mount.place + "/incoming/big"])
      try Files.empty(store.blobs)
      return time
    }
  }

  private static func putting(_ source: BigSource, _ setting: Setting) throws -> Contender {
    let store = try setting.store("put")
    return Contender(name: "casfs") {
      try source.renew()
      let time = try Program.time([setting.casfs, "blob", "put", store.path, source.path])
      try Files.empty(store.blobs)
      return time
    }
  }

  private static func shell(_ script: String, _ arguments: String...) -> [String] {
    ["sh", "-c", script, "sh"] + arguments
  }
}
