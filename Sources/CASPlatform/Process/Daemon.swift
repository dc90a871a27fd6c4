import CLinux
import Glibc
package import SystemPackage

/// The steps by which a process becomes a daemon (`daemon(7)`), which it takes while it has one thread, and its log.
package enum Daemon {
  /// The process that a fork returned to.
  package enum Side {
    /// The parent, with the process id of its child.
    case parent(child: Int32)
    /// The child, in the session and the process group of its parent.
    case child
  }

  /// Forks the process: `fork(2)`.
  package static func fork() throws(Errno) -> Side {
    let child = try retrying { casfs_fork() }
    return child == 0 ? .child : .parent(child: child)
  }

  /// Closes the inherited descriptors, except for the standard streams: `close_range(2)`. Otherwise a daemon would keep the
  /// locks, pipes and files of its parent open. It must be called before a file is opened.
  package static func closeInheritedDescriptors() throws(Errno) {
    _ = try retrying { casfs_close_inherited() }
  }

  /// Sets SIGINT and SIGTERM to their default action and unblocks them, whatever the parent did: `sigaction(2)`,
  /// `sigprocmask(2)`.
  package static func resetSignals() {
    casfs_default_signals()
  }

  /// Lets a crash end the process: `sigaction(2)`. The runtime of Swift starts a program that reads the memory of the
  /// process, which a daemon without privileges does not allow, and waits for it. `SWIFT_BACKTRACE` asks for that program.
  ///
  /// - Parameter dumpsCore: whether the kernel writes a core dump, if it writes any. Before that it waits for the end of all
  ///   threads, and one can wait for a caller who waits for the process that follows this one.
  package static func setCrashSignals(dumpingCore dumpsCore: Bool) {
    casfs_set_crash_signals(dumpsCore ? 1 : 0)
  }

  /// Starts a session, opens `/dev/null` as the standard streams, and changes to the root directory: `setsid(2)`,
  /// `dup2(2)`, `chdir(2)`.
  ///
  /// A daemon takes this step after it has mounted. An automounter that waits for the mount, such as systemd with autofs,
  /// lets only its own process group pass to the directory; in another group the daemon would wait for itself.
  package static func detachFromTerminal() throws(Errno) {
    setsid()
    let null = try OpenFile.open(path: "/dev/null", .readWrite)
    for stream in STDIN_FILENO...STDERR_FILENO { _ = try retrying { dup2(null.rawValue, stream) } }
    _ = try retrying { unsafe chdir("/") }
  }

  /// Waits for the end of a daemon, which need not be a child: `pidfd_open(2)`, `poll(2)`.
  ///
  /// - Throws: ETIMEDOUT if it has not ended in time.
  package static func waitForExit(of process: Int32, timeout: Duration) throws(Errno) {
    let milliseconds = Int32(clamping: timeout / .milliseconds(1) < 1e9 ? Int64(timeout / .milliseconds(1)) : .max)
    _ = try retrying { casfs_wait_process(process, milliseconds) }
  }

  /// Writes a message to the system log, facility `LOG_DAEMON`: `syslog(3)`.
  ///
  /// - Parameter priority: a level of `syslog(3)`, such as 3 for an error, 4 for a warning, 6 for information.
  package static func log(_ priority: Int32, _ message: String) {
    unsafe casfs_log(priority, message)
  }
}
