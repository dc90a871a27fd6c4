import Glibc

/// Many short system calls on blobs in the caches of the kernel and the file system.
enum Operations: Suite {
  static let name = "operations"

  private static let rounds = 10

  static func comparisons(_ setting: Setting) throws -> [Comparison] {
    let store = try setting.store("small")
    let digests = try store.addSmall(1000, bytes: 4096)
    let views = try setting.views(
      of: store, files: digests.count, and: setting.hasPeers && geteuid() == 0 ? [MinimalDaemon.fileSystem] : [])
    let quantity = Quantity.operations(rounds * digests.count)
    return [
      views.comparison("open, read, close of 4 KiB", quantity, .time(4)) { blobs in
        var buffer = [UInt8](repeating: 0, count: 4096)
        try each(digests, blobs) { try Files.readStart($0, into: &buffer) }
      },
      views.comparison("stat", quantity, .time(1.2)) { blobs in
        try each(digests, blobs, Files.status)
      },
    ]
  }

  private static func each(_ digests: [String], _ blobs: String, _ body: (String) throws -> Void) throws {
    let paths = digests.map { "\(blobs)/\($0)" }
    for _ in 0..<rounds {
      for path in paths { try body(path) }
    }
  }
}
