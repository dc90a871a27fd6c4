import CLinux
import Glibc
package import SystemPackage

extension OpenFile {
  /// Asks the daemon of a mount, whose root this directory is, to replace its program: `ioctl(2)`.
  ///
  /// - Throws: EPERM for another user than the owner of the mount; EBUSY while it does so; ENOTTY for another directory.
  package func requestReload() throws(Errno) {
    _ = try retrying { casfs_request_reload(rawValue) }
  }

  /// Links an unnamed file into a directory: `linkat(2)` through `/proc/self/fd`, which needs no privilege.
  ///
  /// - Throws: EEXIST if the name is taken.
  package func link(as name: String, in directory: OpenFile) throws(Errno) {
    _ = try retrying {
      unsafe linkat(AT_FDCWD, "/proc/self/fd/\(rawValue)", directory.rawValue, name, AT_SYMLINK_FOLLOW)
    }
  }

  /// Creates a hard link, in `directory`, to a file of this directory: `linkat(2)`.
  ///
  /// - Throws: EEXIST if the name is taken.
  package func link(_ name: String, as other: String, in directory: OpenFile) throws(Errno) {
    _ = try retrying { unsafe linkat(rawValue, name, directory.rawValue, other, 0) }
  }

  /// Renames a file of this directory: `renameat2(2)`.
  ///
  /// - Parameter replacing: whether a file with the new name is replaced; if not, `RENAME_NOREPLACE`.
  /// - Throws: EEXIST if the name is taken and not replaced.
  package func rename(
    _ name: String, to other: String, in directory: OpenFile, replacing: Bool = true
  ) throws(Errno) {
    let flags: UInt32 = replacing ? 0 : UInt32(casfs_RENAME_NOREPLACE)
    _ = try retrying { unsafe casfs_renameat2(rawValue, name, directory.rawValue, other, flags) }
  }

  /// Removes a name of anything but a directory: `unlinkat(2)`.
  package func unlink(_ name: String) throws(Errno) {
    _ = try retrying { unsafe unlinkat(rawValue, name, 0) }
  }

  /// Removes an empty directory: `unlinkat(2)` with `AT_REMOVEDIR`.
  package func removeDirectory(_ name: String) throws(Errno) {
    _ = try retrying { unsafe unlinkat(rawValue, name, AT_REMOVEDIR) }
  }

  /// Creates a directory: `mkdirat(2)`.
  ///
  /// - Parameter permissions: the mode before the umask; the default excludes writing by others even if the umask is 0.
  package func makeDirectory(_ name: String, permissions: UInt32 = 0o775) throws(Errno) {
    _ = try retrying { unsafe mkdirat(rawValue, name, permissions) }
  }

  /// The kind of a lock: `flock(2)`.
  package enum LockKind: Sendable {
    /// Excludes exclusive locks: `LOCK_SH`.
    case shared
    /// Excludes all other locks: `LOCK_EX`.
    case exclusive
  }

  /// Acquires a lock of the open file without waiting: `flock(2)` with `LOCK_NB`.
  ///
  /// The lock belongs to the open file description and not to the process. It is released with the last descriptor.
  ///
  /// - Returns: whether the lock was acquired.
  package func tryLock(_ kind: LockKind) throws(Errno) -> Bool {
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
