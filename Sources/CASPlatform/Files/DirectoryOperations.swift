import CLinux
import Glibc
public import SystemPackage

extension OpenFile {
  /// Gives an unnamed file a name in a directory where that name is free: `linkat(2)` through `/proc/self/fd`,
  /// which needs no privilege. A name that is taken is EEXIST.
  public func link(as name: String, in directory: OpenFile) throws(Errno) {
    _ = try retrying {
      unsafe linkat(AT_FDCWD, "/proc/self/fd/\(rawValue)", directory.rawValue, name, AT_SYMLINK_FOLLOW)
    }
  }

  /// Gives a file of this directory one more name in another: `linkat(2)`. A name that is taken is EEXIST.
  public func link(_ name: String, as other: String, in directory: OpenFile) throws(Errno) {
    _ = try retrying { unsafe linkat(rawValue, name, directory.rawValue, other, 0) }
  }

  /// Renames a file of this directory, replacing what has the new name unless told otherwise: `renameat2(2)`.
  public func rename(
    _ name: String, to other: String, in directory: OpenFile, replacing: Bool = true
  ) throws(Errno) {
    let flags: UInt32 = replacing ? 0 : UInt32(casfs_RENAME_NOREPLACE)
    _ = try retrying { unsafe casfs_renameat2(rawValue, name, directory.rawValue, other, flags) }
  }

  /// Removes a name that is no directory: `unlinkat(2)`.
  public func unlink(_ name: String) throws(Errno) {
    _ = try retrying { unsafe unlinkat(rawValue, name, 0) }
  }

  /// Removes an empty directory: `unlinkat(2)` with `AT_REMOVEDIR`.
  public func removeDirectory(_ name: String) throws(Errno) {
    _ = try retrying { unsafe unlinkat(rawValue, name, AT_REMOVEDIR) }
  }

  /// Makes a directory, which not everybody can write, whatever the umask is: `mkdirat(2)`.
  public func makeDirectory(_ name: String, permissions: UInt32 = 0o775) throws(Errno) {
    _ = try retrying { unsafe mkdirat(rawValue, name, permissions) }
  }

  /// How a lock on a file is shared: `flock(2)`.
  public enum LockKind: Sendable {
    /// Any number at a time.
    case shared
    /// One at a time, and nobody shares it.
    case exclusive
  }

  /// Takes a lock on the open file unless somebody else holds one against it: `flock(2)` with `LOCK_NB`.
  ///
  /// The lock belongs to the open file, not to the process, and goes with its last descriptor.
  ///
  /// - Returns: whether the lock was taken.
  public func tryLock(_ kind: LockKind) throws(Errno) -> Bool {
    let operation = (kind == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB
    do throws(Errno) {
      _ = try retrying { flock(rawValue, operation) }
      return true
    } catch {
      guard error == .wouldBlock else { throw error }
      return false
    }
  }
}
