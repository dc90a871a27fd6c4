import Glibc

/// Storing many small files durably.
enum Writers: Suite {
  static let name = "writers"

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    try writing(setting) + [100, 1000].map { try closing($0, setting) }
  }

  private static func writing(_ setting: Setting) throws -> [Comparison] {
    try [1, 8].map { writers in
      let native = setting.workspace.path + "/native-\(writers)"
      try Files.makeDirectory(native)
      return Comparison(
        work: "\(setting.sizes.files) files of 4 KiB into incoming, writers: \(writers)",
        quantity: .operations(setting.sizes.files), target: .time(2),
        baselines: [writing(setting.sizes.files, "native", native, by: writers, durably: true)],
        subjects: try setting.subjects.map { try incoming(setting, $0, writers) })
    }
  }

  /// A process of one thread opens files, writes to each of them and closes all.
  private static func closing(_ count: Int, _ setting: Setting) throws -> Comparison {
    let script = """
      import os, sys
      place, count, is_durable, tag = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "native", os.urandom(16)
      files = [os.open(f"{place}/{n}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for n in range(count)]
      for number, file in enumerate(files): os.write(file, b"%b %d" % (tag, number))
      for number, file in enumerate(files):
        if is_durable: os.fsync(file)
        os.close(file)
        if not is_durable: continue
        os.rename(f"{place}/{number}", f"{place}/{number}.new")
        directory = os.open(place, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
      """
    func contender(_ name: String, _ place: String) -> Contender {
      Contender(name: name) { try Program.time(["python3", "-c", script, place, "\(count)", name]) }
    }
    let native = setting.workspace.path + "/closed-\(count)"
    try Files.makeDirectory(native)
    return Comparison(
      work: "\(count) files open below incoming, closed by one process", quantity: .operations(count), target: .time(2),
      baselines: [contender("native", native)],
      subjects: try setting.subjects.map { fileSystem in
        let store = try setting.store("closed-\(count)-\(fileSystem.name)")
        let mount = try setting.mount(store, by: fileSystem)
        return Contender(name: fileSystem.name) {
          try mount.mount()
          let time = try contender(fileSystem.name, mount.place + "/incoming").measure()
          try Files.empty(store.blobs)
          return time
        }
      })
  }

  /// Writes files natively and durably.
  private static func writing(
    _ count: Int, _ name: String, _ directory: String, by writers: Int, durably isDurable: Bool
  ) -> Contender {
    let round = Round()
    return Contender(name: name) {
      let contents = round.contents(count)
      let time = try seconds {
        try Threads.run(writers) { writer in
          for number in stride(from: writer, to: count, by: writers) {
            let path = "\(directory)/\(number)"
            guard isDurable else {
              try Files.write(contents[number], to: path)
              continue
            }
            try Files.write(contents[number], to: path + ".new", isDurable: true)
            try Files.rename(path + ".new", path)
            try Files.syncDirectory(directory)
          }
        }
      }
      try Files.empty(directory)
      return time
    }
  }

  /// Writes files through a mount, where close(2) suffices.
  private static func incoming(_ setting: Setting, _ fileSystem: FileSystem, _ writers: Int) throws -> Contender {
    let store = try setting.store("written-\(writers)-\(fileSystem.name)")
    let mount = try setting.mount(store, by: fileSystem)
    let writer = writing(
      setting.sizes.files, fileSystem.name, mount.place + "/incoming", by: writers, durably: false)
    return Contender(name: fileSystem.name) {
      try mount.mount()
      let time = try writer.measure()
      try Files.empty(store.blobs)
      return time
    }
  }

  /// Counts rounds, so that each writes new content.
  private final class Round {
    private var number: UInt64 = 0

    func contents(_ count: Int) -> [[UInt8]] {
      number += 1
      let rest = Content.bytes(4096, seed: number)
      return (0..<count).map { index in
        let start = Array("round \(number) file \(index) ".utf8)
        return start + rest.dropFirst(start.count)
      }
    }
  }
}
