/// The benchmarks of file servers, against a disk whose files are durable when they are closed, as those of casfs are.
enum FileServers: Suite {
  static let name = "servers"

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let names = ["postmark", "dbench"].filter { Program.find($0) != nil }
    guard !names.isEmpty, let library = try? FsyncAtClose.build(setting.workspace) else { return [] }
    return try names.flatMap { name in
      switch name {
      case "postmark": [try postmark(setting, library)]
      default: try [1, 4].map { try dbench(setting, library, clients: $0) }
      }
    }
  }

  /// Small files that are made, read, appended to and removed by one thread.
  private static func postmark(_ setting: Setting, _ library: String) throws -> Comparison {
    let count = setting.sizes.files / 2
    let script = """
      printf 'set size 500 9770\\nset number 1000\\nset transactions \(count)\\nset seed 42\\nset location %s\\nrun\\nquit\\n' \
      "$1" | LD_PRELOAD=$2 postmark
      """
    return try comparison("postmark", .operations(count), setting, library) { directory, library in
      try Program.time(["sh", "-c", script, "sh", directory, library])
    }
  }

  /// The recorded calls of a file server's clients, for ten seconds.
  private static func dbench(_ setting: Setting, _ library: String, clients: Int) throws -> Comparison {
    let script = "LD_PRELOAD=$2 dbench -t 10 -c /usr/share/dbench/client.txt -D \"$1\" \(clients)"
    let megabyte = 1_000_000
    return try comparison("dbench, clients: \(clients)", .rate(bytes: megabyte), setting, library) {
      directory, library in
      let text = try Program.output(of: ["sh", "-c", script, "sh", directory, library], in: setting.workspace)
      guard let word = text.split(separator: "\n").last(where: { $0.hasPrefix("Throughput") })?.split(separator: " "),
        let rate = word.dropFirst().first.flatMap({ Double($0) }), rate > 0
      else { throw Failure("dbench reports no throughput") }
      return 1 / rate
    }
  }

  /// Compares a directory of the disk and one below `incoming`; the disk without fsync(2) is shown too.
  private static func comparison(
    _ work: String, _ quantity: Quantity, _ setting: Setting, _ library: String,
    _ measure: @escaping (_ directory: String, _ library: String) throws -> Double
  ) throws -> Comparison {
    let native = setting.workspace.path + "/" + work.filter { $0.isLetter || $0.isNumber }
    try Files.makeDirectory(native)
    return Comparison(
      work: work, quantity: quantity,
      baselines: [Contender(name: "native, fsync at close") { try measure(native, library) }],
      subjects: try setting.subjects.map { fileSystem in
        let store = try setting.store("\(work.filter { $0.isLetter || $0.isNumber })-\(fileSystem.name)")
        let mount = try setting.mount(store, by: fileSystem)
        return Contender(name: fileSystem.name) {
          try mount.mount()
          let time = try measure(mount.place + "/incoming", "")
          try Files.empty(store.blobs)
          return time
        }
      },
      peers: [Contender(name: "native, not durable") { try measure(native, "") }])
  }
}
