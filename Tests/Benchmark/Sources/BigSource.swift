import Glibc

/// A big file outside of every store, for ingest.
final class BigSource {
  /// Its path.
  let path: String

  private var version: UInt64 = 0

  /// Creates it.
  init(_ setting: Setting) throws {
    let (store, digest) = try setting.storeWithBigBlob()
    path = setting.workspace.path + "/source"
    try Program.run(["cp", "\(store.blobs)/\(digest)", path])
  }

  /// Gives it new content, so that no store has it already, and waits for the disk.
  func renew() throws {
    version += 1
    let file = try Files.open(path, O_WRONLY)
    defer { close(file) }
    try Files.write(Content.bytes(16, seed: version), to: file, path)
    sync()
    Machine.takeMemory(Int(try Files.size(path)))
  }

  /// Removes a copy, and waits for the disk.
  func remove(_ copy: String) {
    unsafe unlink(copy)
    sync()
  }
}
