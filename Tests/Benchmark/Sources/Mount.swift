import Glibc

/// A store, shown by a file system at a mount point of its own.
final class Mount {
  /// The file system.
  let fileSystem: FileSystem
  /// The mount point.
  let place: String
  /// The directory of the blobs.
  var blobs: String { place + "/blobs/sha256" }

  private let store: Store
  private var isMounted = false

  /// Creates the mount point, without mounting.
  init(_ store: Store, by fileSystem: FileSystem, at place: String) throws {
    self.store = store
    self.fileSystem = fileSystem
    self.place = place
    try Files.makeDirectory(place)
  }

  /// Mounts unless it is mounted, and waits until the mount is usable.
  func mount() throws {
    guard !isMounted else { return }
    try Program.run(fileSystem.mounting(store, place))
    isMounted = true
    try Files.status(blobs)
  }

  /// Unmounts, unless it is unmounted.
  func unmount() throws {
    guard isMounted else { return }
    try Program.run(fileSystem.unmounting(place))
    isMounted = false
  }

  /// Mounts again, so that the kernel's and the file system's caches are empty.
  func renew() throws {
    try unmount()
    try mount()
  }
}
