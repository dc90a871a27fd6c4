import Glibc
public import SystemPackage

/// Running another program.
public enum Command {
  /// Runs a program found by `PATH` and waits for its end: `posix_spawnp(3)`, `waitpid(2)`.
  ///
  /// - Returns: its exit status; 128 and the signal's number when a signal ended it.
  public static func run(_ program: String, _ arguments: [String]) throws(Errno) -> Int32 {
    var list: [UnsafeMutablePointer<CChar>?] = unsafe ([program] + arguments).map { unsafe strdup($0) }
    unsafe list.append(nil)
    defer { unsafe list.forEach { unsafe free($0) } }
    var child = pid_t()
    let failure = unsafe posix_spawnp(&child, program, nil, nil, list, environ)
    guard failure == 0 else { throw Errno(rawValue: failure) }
    return try Daemon.status(ofChild: child)
  }
}
