import Glibc

/// A big file outside of every store, that is to be stored.
final class BigSource {
  /// Where it is.
  let path: String

  private var version: UInt64 = 0

  /// Makes it.
  init(_ setting: Setting) throws {
    let (store, digest) = try setting.storeWithBigBlob()
    path = setting.workspace.path + "/source"
    try Program.run(["cp", "\(store.blobs)/\(digest)", path])
  }

  /// Gives it a content that it never had, so that nobody has that stored already, and leaves the disk quiet.
  func renew() throws {
    version += 1
    let file = try Files.open(path, O_WRONLY)
    defer { close(file) }
    try Files.write(Content.bytes(16, seed: version), to: file, path)
    sync()
    Machine.takeMemory(Int(try Files.size(path)))
  }

  /// Removes a copy, and waits until the disk is done with it.
  func remove(_ copy: String) {
    unsafe unlink(copy)
    sync()
  }
}
