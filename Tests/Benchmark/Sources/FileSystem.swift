/// A kind of FUSE file system that can show a store: casfs, or a peer of it.
struct FileSystem {
  /// What the report calls it.
  let name: String
  /// Up to how many files it can show.
  var capacity = Int.max
  /// The command that mounts a store at a place and returns when that is done.
  let mounting: (_ store: Store, _ place: String) throws -> [String]
  /// The command that unmounts it.
  var unmounting: (_ place: String) -> [String] = { ["fusermount3", "-u", $0] }

  /// casfs.
  ///
  /// - Parameter options: for `-o`; none if empty.
  static func casfs(_ program: String, options: String) -> FileSystem {
    FileSystem(
      name: options.isEmpty ? "casfs" : "casfs -o \(options)",
      mounting: { store, place in
        [program, "mount"] + (options.isEmpty ? [] : ["-o", options]) + [store.path, place]
      },
      unmounting: { [program, "unmount", $0] })
  }
}
