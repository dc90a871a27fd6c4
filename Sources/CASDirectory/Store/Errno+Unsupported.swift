import SystemPackage

extension Errno {
  /// Whether `flock(2)` failed because the file system has no locks, or none for this kind of file: network and FUSE
  /// file systems answer with EBADF, EINVAL, ENOLCK, EOPNOTSUPP or ENOSYS.
  var isLockingUnsupported: Bool {
    [.badFileDescriptor, .invalidArgument, .noLocks, .notSupportedOnSocket, .noFunction].contains(self)
  }

  /// Whether `linkat(2)` failed because the file system has no hard links (vfat, exFAT, many network file systems), or
  /// because `/proc`, through which an unnamed file gets its name, is not mounted.
  var isLinkingUnsupported: Bool {
    [.notPermitted, .notSupportedOnSocket, .noFunction, .noSuchFileOrDirectory].contains(self)
  }

  /// Whether `renameat2(2)` failed because the file system or the kernel does not know `RENAME_NOREPLACE`.
  var isExclusiveRenameUnsupported: Bool {
    [.invalidArgument, .noFunction, .notSupportedOnSocket].contains(self)
  }
}
