import CLinux
import Glibc
package import SystemPackage

/// The current process: its ids and limits.
package enum CurrentProcess {
  /// The process id: `getpid(2)`.
  package static var id: Int32 { getpid() }
  /// The effective user id: `geteuid(2)`.
  package static var effectiveUserID: UInt32 { geteuid() }
  /// The effective group id: `getegid(2)`.
  package static var effectiveGroupID: UInt32 { getegid() }

  /// Raises the soft limit of open descriptors to the hard limit: `setrlimit(2)`.
  ///
  /// - Returns: the limit in force after the call; 0 if it is unknown.
  package static func raiseFileLimit() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_max)
  }

  /// Makes all open descriptors close-on-exec, except for the standard streams, also those that libraries opened:
  /// `close_range(2)` with `CLOSE_RANGE_CLOEXEC`.
  ///
  /// - Throws: EINVAL before Linux 5.11.
  package static func setCloseOnExec() throws(Errno) {
    _ = try retrying { casfs_close_on_exec() }
  }

  /// Returns freed memory to the system: `malloc_trim(3)`.
  package static func trimMemory() {
    casfs_trim_memory()
  }

  /// Lets large blocks of memory, as the text of a long index, return to the system when they are freed, in place of
  /// staying with the thread that had them: `mallopt(3)` with `M_MMAP_THRESHOLD`.
  ///
  /// - Parameter size: the smallest size of such a block, in bytes.
  package static func mapLargeBlocks(from size: Int) {
    casfs_map_large_blocks(size)
  }
}
