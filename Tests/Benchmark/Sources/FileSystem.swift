/// A kind of FUSE file system that can show a store: casfs, or a peer of it.
struct FileSystem {
  /// Its name in the report.
  let name: String
  /// The largest number of files it can show.
  var capacity = Int.max
  /// The command that mounts a store at a place, and returns when it is mounted.
  let mounting: (_ store: Store, _ place: String) throws -> [String]
  /// The command that unmounts it.
  var unmounting: (_ place: String) -> [String] = { ["fusermount3", "-u", $0] }

  /// casfs.
  ///
  /// - Parameter options: for `-o`; empty for the defaults.
  static func casfs(_ program: String, options: String) -> FileSystem {
    FileSystem(
      name: options.isEmpty ? "casfs" : "casfs -o \(options)",
      mounting: { store, place in
        [program, "mount"] + (options.isEmpty ? [] : ["-o", options]) + [store.path, place]
      },
      unmounting: { [program, "unmount", $0] })
  }
}
