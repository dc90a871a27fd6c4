import CASPlatform
import SystemPackage

/// A file that is not published yet: unnamed (`O_TMPFILE`), or, where the file system does not support that, with a
/// temporary name and a lock that protects it from ``TemporaryFileCleaner``.
///
/// An unpublished file is removed with the last reference. If the process is killed, the kernel frees an unnamed file,
/// and the lock of a named one, which the next cleaning then removes.
final class TemporaryFile: Sendable {
  /// The prefix of temporary names. The files are in the store's root.
  static let prefix = ".casfs-tmp-"

  /// The open file, for reading and writing.
  let file: OpenFile
  private let root: OpenFile
  /// The temporary name; `nil` while the file is unnamed, and after it was published.
  private let name: Monitor<String?>

  private init(_ file: OpenFile, in root: OpenFile, name: String?) {
    self.file = file
    self.root = root
    self.name = Monitor(name)
  }

  /// A file of the program before, which this process still has open and, if it has a name, locked.
  convenience init(resuming file: OpenFile, in root: OpenFile, name: String?) {
    self.init(file, in: root, name: name)
  }

  deinit {
    removeName()
  }

  /// The temporary name; `nil` if it has none.
  var temporaryName: String? { name.withLock(notifying: .none) { $0 } }

  /// A random temporary name.
  static func randomName() -> String {
    prefix + String(UInt64.random(in: .min ... .max), radix: 16)
  }

  /// Creates an unnamed file: `O_TMPFILE`.
  ///
  /// - Returns: `nil` if the file system does not support it.
  static func unnamed(in root: OpenFile) throws(Errno) -> TemporaryFile? {
    do throws(Errno) {
      let file = try root.openBeneath(".", [.readWrite, .unnamed], mode: 0o600)
      return TemporaryFile(file, in: root, name: nil)
    } catch {
      // File systems and kernels without O_TMPFILE answer with one of these.
      let unknown: [Errno] = [
        .notSupportedOnSocket, .isDirectory, .invalidArgument, .noSuchFileOrDirectory, .noFunction,
      ]
      guard unknown.contains(error) else { throw error }
      return nil
    }
  }

  /// Creates a file with a temporary name, and locks it for as long as it is open.
  ///
  /// - Throws: EBUSY if cleaners of other processes win 100 times.
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
      // Until the file is locked, a cleaner may take it for abandoned and remove the name.
      if tryLock(file), isName(name, of: file, in: root) { return TemporaryFile(file, in: root, name: name) }
    }
    throw .resourceBusy
  }

  /// Gives the file a name in a directory: `linkat(2)`, or `renameat2(2)` with `RENAME_NOREPLACE` if it has a temporary
  /// name.
  ///
  /// - Throws: EEXIST if the name is taken; an error of `Errno.isLinkingUnsupported` if the file system can do neither.
  func link(as other: String, in directory: OpenFile) throws(Errno) {
    try name.withLock { (name) throws(Errno) in
      guard let temporary = name else { return try file.link(as: other, in: directory) }
      do throws(Errno) {
        try root.rename(temporary, to: other, in: directory, replacing: false)
      } catch {
        guard error.isExclusiveRenameUnsupported else { throw error }
        try root.link(temporary, as: other, in: directory)
        try? root.unlink(temporary)
      }
      name = nil
    }
  }

  /// Gives the file a name in a directory, and replaces the entry that has it, in one step: `renameat(2)`.
  ///
  /// An unnamed file gets a temporary name first. Where it cannot have one, a durable copy of it takes the name in its
  /// place.
  func replace(_ other: String, in directory: OpenFile) throws(Errno) {
    try name.withLock { (name) throws(Errno) in
      if name == nil {
        // Locked before it has a name, so that no cleaner can take it for abandoned.
        _ = Self.tryLock(file)
        let temporary = Self.randomName()
        do throws(Errno) {
          try file.link(as: temporary, in: root)
        } catch {
          guard error.isLinkingUnsupported else { throw error }
          return try namedCopy().replace(other, in: directory)
        }
        name = temporary
      }
      guard let temporary = name else { return }
      try root.rename(temporary, to: other, in: directory)
      name = nil
    }
  }

  /// A named file with the same content and mode, durable.
  private func namedCopy() throws(Errno) -> TemporaryFile {
    let status = try file.status()
    let copy = try Self.named(in: root)
    try copy.file.copyContents(of: file)
    guard try copy.file.status().size == status.size else { throw .ioError }
    try copy.file.setSupportedPermissions(status.permissions)
    try copy.file.synchronize()
    return copy
  }

  /// Removes the temporary name, if the file has one.
  func removeName() {
    name.withLock { (name) in
      if let name { try? root.unlink(name) }
      name = nil
    }
  }

  /// Locks a temporary file: `flock(2)`.
  ///
  /// - Returns: `false` if another process has the lock; `true` also if the file system has no locks, since a cleaner
  ///   removes nothing there.
  static func tryLock(_ file: OpenFile) -> Bool {
    (try? file.tryLock(.exclusive)) ?? true
  }

  /// Whether a name in a directory refers to this open file, by device and inode.
  static func isName(_ name: String, of file: OpenFile, in root: OpenFile) -> Bool {
    guard let named = try? root.status(of: name).identity, let own = try? file.status().identity else { return false }
    return named.device == own.device && named.inode == own.inode
  }
}
