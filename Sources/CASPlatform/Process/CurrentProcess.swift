import CLinux
import Glibc

/// The process that runs this code.
public enum CurrentProcess {
  /// The process id: `getpid(2)`.
  public static var id: Int32 { getpid() }
  /// The effective user id: `geteuid(2)`.
  public static var effectiveUserID: UInt32 { geteuid() }
  /// The effective group id: `getegid(2)`.
  public static var effectiveGroupID: UInt32 { getegid() }

  /// Raises the soft limit of open descriptors to the hard limit: `setrlimit(2)`.
  ///
  /// - Returns: the limit now in force.
  public static func raiseFileLimit() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_max)
  }

  /// Returns freed memory to the system: `malloc_trim(3)`.
  public static func trimMemory() {
    casfs_trim_memory()
  }
}
