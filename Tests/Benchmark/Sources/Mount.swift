import Glibc

/// A store that is shown by a file system at a place of its own.
final class Mount {
  /// What shows it.
  let fileSystem: FileSystem
  /// Where.
  let place: String
  /// The directory of the blobs.
  var blobs: String { place + "/blobs/sha256" }

  private let store: Store
  private var isMounted = false

  /// Makes a place; nothing is mounted yet.
  init(_ store: Store, by fileSystem: FileSystem, at place: String) throws {
    self.store = store
    self.fileSystem = fileSystem
    self.place = place
    try Files.makeDirectory(place)
  }

  /// Mounts, if it is not mounted, and waits until it can be used.
  func mount() throws {
    guard !isMounted else { return }
    try Program.run(fileSystem.mounting(store, place))
    isMounted = true
    try Files.status(blobs)
  }

  /// Unmounts, if it is mounted.
  func unmount() throws {
    guard isMounted else { return }
    try Program.run(fileSystem.unmounting(place))
    isMounted = false
  }

  /// Begins anew, so that neither the kernel nor the file system remembers anything.
  func renew() throws {
    try unmount()
    try mount()
  }
}
