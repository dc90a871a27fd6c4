import CAS
import CASPlatform
import OCI
import SystemPackage

/// What is left of stores whose makers were killed: directories with temporary names, beside where the stores were
/// to be, that nobody has locked.
enum AbandonedStores {
  /// Removes those that are this user's from a directory. What is in the way of that is left alone.
  static func remove(from directory: OpenFile) {
    guard let stream = try? DirectoryStream(directory) else { return }
    while let name = try? stream.next() {
      guard name.utf8.starts(with: TemporaryFile.prefix.utf8),
        let root = try? directory.openBeneath(name, [.readOnly, .directory]),
        (try? root.status().user) == CurrentProcess.effectiveUserID, (try? root.tryLock(.exclusive)) == true,
        // Its maker may have given it its name before the lock was free.
        TemporaryFile.isName(name, of: root, in: directory)
      else { continue }
      empty(root)
      try? directory.removeDirectory(name)
    }
  }

  /// Removes what a new store is made of; one with content is left as it is.
  static func empty(_ root: OpenFile) {
    // Without a descriptor left it may still be empty.
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
