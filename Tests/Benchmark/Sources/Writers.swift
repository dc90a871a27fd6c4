import Glibc

/// Storing many small files durably.
enum Writers: Suite {
  static let name = "writers"

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
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
