import Glibc
package import SystemPackage

/// Child processes.
package enum ChildProcess {
  /// Runs a program from `PATH`, and waits for its end: `posix_spawnp(3)`, `waitpid(2)`.
  ///
  /// - Returns: the exit status; 128 plus the signal's number if a signal terminated it.
  package static func run(_ program: String, _ arguments: [String]) throws(Errno) -> Int32 {
    var list: [UnsafeMutablePointer<CChar>?] = unsafe ([program] + arguments).map { unsafe strdup($0) }
    unsafe list.append(nil)
    defer { unsafe list.forEach { unsafe free($0) } }
    var child = pid_t()
    let failure = unsafe posix_spawnp(&child, program, nil, nil, list, environ)
    guard failure == 0 else { throw Errno(rawValue: failure) }
    return try waitForStatus(of: child)
  }

  /// Waits for the end of a child: `waitpid(2)`.
  ///
  /// - Returns: the exit status; 128 plus the signal's number if a signal terminated it.
  package static func waitForStatus(of child: Int32) throws(Errno) -> Int32 {
    var status: Int32 = 0
    _ = try retrying { unsafe waitpid(child, &status, 0) }
    return exitStatus(status)
  }

  /// Decodes a status of `waitpid(2)`: the exit status; 128 plus the signal's number if a signal terminated the child.
  static func exitStatus(_ status: Int32) -> Int32 {
    status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }
}
