import CASPlatform
import SystemPackage

/// A file in the making: without a name where the file system can do that, else with a temporary name that a lock
/// protects from ``TemporaryFileCleaner``. What has not been given a name in the store goes with the last reference.
final class TemporaryFile: Sendable {
  /// What the names of temporary files in the store's root start with.
  static let prefix = ".casfs-tmp-"

  /// The open file, for reading and writing.
  let file: OpenFile
  private let root: OpenFile
  private let name: Monitor<String?>

  private init(_ file: OpenFile, in root: OpenFile, name: String?) {
    self.file = file
    self.root = root
    self.name = Monitor(name)
  }

  deinit {
    removeName()
  }

  /// A new temporary name.
  static func randomName() -> String {
    prefix + String(UInt64.random(in: .min ... .max), radix: 16)
  }

  /// Makes a file without a name; `nil` where the file system has none.
  static func unnamed(in root: OpenFile) throws(Errno) -> TemporaryFile? {
    do throws(Errno) {
      let file = try root.openBeneath(".", [.readWrite, .unnamed], mode: 0o600)
      return TemporaryFile(file, in: root, name: nil)
    } catch {
      // Each of these is how some file system or kernel says that it does not know O_TMPFILE.
      let unknown: [Errno] = [.notSupportedOnSocket, .isDirectory, .invalidArgument, .noSuchFileOrDirectory]
      guard unknown.contains(error) else { throw error }
      return nil
    }
  }

  /// Makes a file with a temporary name, locked for as long as it is open.
  static func named(in root: OpenFile) throws(Errno) -> TemporaryFile {
    for _ in 0..<100 {
      let name = randomName()
      let file: OpenFile
      do throws(Errno) {
        file = try root.openBeneath(name, [.readWrite, .createNew], mode: 0o600)
      } catch {
        guard error == .fileExists else { throw error }
        continue
      }
      // Before the lock was taken a cleaner may have found the file abandoned: then the name is gone.
      if tryLock(file), isName(name, of: file, in: root) { return TemporaryFile(file, in: root, name: name) }
    }
    throw .resourceBusy
  }

  /// Gives the file a name in a directory; a name that is taken is EEXIST.
  func link(as other: String, in directory: OpenFile) throws(Errno) {
    try name.withLock { (name) throws(Errno) in
      guard let temporary = name else { return try file.link(as: other, in: directory) }
      do throws(Errno) {
        try root.rename(temporary, to: other, in: directory, replacing: false)
      } catch {
        guard error == .invalidArgument || error == .noFunction else { throw error }
        try root.link(temporary, as: other, in: directory)
        try? root.unlink(temporary)
      }
      name = nil
    }
  }

  /// Gives the file a name in a directory in place of whatever has it, in one step.
  func replace(_ other: String, in directory: OpenFile) throws(Errno) {
    try name.withLock { (name) throws(Errno) in
      if name == nil {
        // Locked first, so that no cleaner can take the name for abandoned.
        _ = Self.tryLock(file)
        let temporary = Self.randomName()
        try file.link(as: temporary, in: root)
        name = temporary
      }
      guard let temporary = name else { return }
      try root.rename(temporary, to: other, in: directory)
      name = nil
    }
  }

  /// Removes the temporary name of a file that is not to be published.
  func removeName() {
    name.withLock { (name) in
      if let name { try? root.unlink(name) }
      name = nil
    }
  }

  /// Locks the file; where there are no locks it is as good as locked, for a cleaner gets none either.
  static func tryLock(_ file: OpenFile) -> Bool {
    (try? file.tryLock(.exclusive)) ?? true
  }

  /// Whether a name in the root still stands for this very file.
  static func isName(_ name: String, of file: OpenFile, in root: OpenFile) -> Bool {
    guard let named = try? root.status(of: name).identity, let own = try? file.status().identity else { return false }
    return named.device == own.device && named.inode == own.inode
  }
}
