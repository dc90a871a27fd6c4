import SystemPackage

extension Errno {
  /// Whether `flock(2)` failed because the file system has no locks, or none for this kind of file: network and FUSE
  /// file systems answer with EBADF, EINVAL, ENOLCK or EOPNOTSUPP.
  var isLockingUnsupported: Bool {
    [.badFileDescriptor, .invalidArgument, .noLocks, .notSupportedOnSocket].contains(self)
  }
}
