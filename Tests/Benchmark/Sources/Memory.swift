/// The memory of casfs's own process.
enum Memory: Suite {
  static let name = "memory"

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let many = try setting.storeWithManyBlobs()
    let stream = try setting.store("streamed")
    let digest = try stream.addBig(setting.sizes.streamed, seed: 5, isSparse: true)
    return [
      Comparison(
        work: "resident after find of \(setting.sizes.blobs) blobs", quantity: .memory, target: .value(150 * 1_048_576),
        subjects: try setting.subjects.map { fileSystem in
          try resident(many, fileSystem, "VmRSS", setting) { try Program.run(["find", $0 + "/blobs/sha256"]) }
        }, isOnce: true),
      Comparison(
        work: "resident after find -ls, while the kernel remembers them", quantity: .memory,
        subjects: try setting.subjects.map { fileSystem in
          try resident(many, fileSystem, "VmRSS", setting) { try Program.run(["find", $0 + "/blobs/sha256", "-ls"]) }
        }, isOnce: true),
      Comparison(
        work: "resident at most, reading \(setting.sizes.streamed >> 30) GiB", quantity: .memory,
        target: .value(64 * 1_048_576),
        subjects: try setting.subjects.map { fileSystem in
          try resident(stream, fileSystem, "VmHWM", setting) { _ = try Files.read("\($0)/blobs/sha256/\(digest)") }
        }, isOnce: true),
    ]
  }

  /// The memory of the process after some work.
  ///
  /// - Parameter line: of `/proc/PID/status`.
  static func resident(
    _ store: Store, _ fileSystem: FileSystem, _ line: String, _ setting: Setting,
    after work: @escaping (String) throws -> Void
  ) throws -> Contender {
    let mount = try setting.mount(store, by: fileSystem)
    return Contender(name: fileSystem.name) {
      try mount.mount()
      try work(mount.place)
      let status = try Program.output(of: [setting.casfs, "status", mount.place], in: setting.workspace)
      guard let process = value(of: "process", in: status),
        let kibibytes = value(of: line + ":", in: try Files.text(of: "/proc/\(process)/status"))
      else { throw Failure("no \(line) of the process behind \(mount.place)") }
      return Double(kibibytes) * 1024
    }
  }

  /// The number after a name, in lines of names and values.
  private static func value(of name: String, in lines: String) -> Int? {
    let words = lines.split(separator: "\n").map { $0.split { $0 == " " || $0 == "\t" } }
    return words.first { $0.first.map(String.init) == name }?.dropFirst().first.flatMap { Int($0) }
  }
}
