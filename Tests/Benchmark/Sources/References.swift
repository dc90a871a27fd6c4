import Glibc

/// A store with many references.
enum References: Suite {
  static let name = "references"
  private static let count = 100_000

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let store = try setting.store("references")
    try Layouts.replaceIndex(of: store, by: Layouts.index(count))
    let plain = "\(setting.workspace.path)/references-files"
    try Files.makeDirectory(plain)
    for number in 0..<count { try Files.write(Array(#"{"size":1234}"#.utf8), to: "\(plain)/tag-\(number)") }
    return try [
      mounting(store, setting), listing(store, plain, setting), moving(store, setting),
      memory(store, "refs", setting), memory(store, "images", setting),
    ]
  }

  private static func mounting(_ store: Store, _ setting: Setting) throws -> Comparison {
    Comparison(
      work: "mount a store of \(count) references, and stat one", quantity: .time, target: .value(0.3),
      subjects: try setting.subjects.map { (fileSystem) in
        let mount = try setting.mount(store, by: fileSystem)
        return Contender(name: fileSystem.name) {
          try mount.unmount()
          return try seconds {
            try mount.mount()
            try Files.status("\(mount.place)/refs/tag-1")
          }
        }
      })
  }

  private static func listing(_ store: Store, _ plain: String, _ setting: Setting) throws -> Comparison {
    Comparison(
      work: "ls -l of \(count) references", quantity: .time, target: .value(1),
      baselines: [Contender(name: "native") { try Program.time(["ls", "-l", plain]) }],
      subjects: try setting.subjects.map { (fileSystem) in
        let mount = try setting.mount(store, by: fileSystem)
        return Contender(name: fileSystem.name) {
          try mount.renew()
          return try Program.time(["ls", "-l", mount.place + "/refs"])
        }
      })
  }

  /// One more tag for a stored manifest, and a durable write of the index.
  private static func moving(_ store: Store, _ setting: Setting) throws -> Comparison {
    let digest = try store.addBig(Files.chunk, seed: 11)
    return Comparison(
      work: "write a tag beside \(count) others", quantity: .time, target: .time(3),
      baselines: [Layouts.native(count, setting)],
      subjects: try setting.subjects.map { (fileSystem) in
        let mount = try setting.mount(store, by: fileSystem)
        var round = 0
        return Contender(name: fileSystem.name) {
          try mount.mount()
          round += 1
          return try seconds { try Files.write(Array("\(digest)\n".utf8), to: "\(mount.place)/refs/new-\(round)") }
        }
      })
  }

  private static func memory(_ store: Store, _ directory: String, _ setting: Setting) throws -> Comparison {
    Comparison(
      work: "resident after ls -l \(directory) of \(count) references", quantity: .memory,
      target: .value(100 * 1_048_576),
      subjects: try setting.subjects.map { (fileSystem) in
        try Memory.resident(store, fileSystem, "VmRSS", setting) {
          try Program.run(["ls", "-l", "\($0)/\(directory)"])
        }
      }, isOnce: true)
  }
}
