import CAS
import CASPlatform
import OCI
import SystemPackage

/// Leftovers of processes that were killed while they created a store: directories with temporary names beside the
/// place of the store, which no process has locked.
enum AbandonedStores {
  /// Removes the abandoned stores of the current user from a directory, as far as possible; errors are ignored.
  static func remove(from directory: OpenFile) {
    guard let stream = try? DirectoryStream(directory) else { return }
    while let name = try? stream.next() {
      guard name.utf8.starts(with: TemporaryFile.prefix.utf8),
        let root = try? directory.openBeneath(name, [.readOnly, .directory]),
        (try? root.status().user) == CurrentProcess.effectiveUserID, (try? root.tryLock(.exclusive)) == true,
        // The lock becomes free also when the creation succeeds, and the directory has its final name by then.
        TemporaryFile.isName(name, of: root, in: directory)
      else { continue }
      empty(root)
      try? directory.removeDirectory(name)
    }
  }

  /// Removes the parts of a new store. A store with blobs is left as it is.
  static func empty(_ root: OpenFile) {
    // If no descriptor is left to open `blobs`, it may still be empty and removable.
    try? root.openBeneath("blobs", [.readOnly, .directory]).removeDirectory("sha256")
    do throws(Errno) {
      try root.removeDirectory("blobs")
    } catch {
      guard error == .noSuchFileOrDirectory else { return }
    }
    try? root.removeDirectory("refs")
    for file in [ImageIndex.fileName, ImageLayout.fileName] { try? root.unlink(file) }
  }
}
