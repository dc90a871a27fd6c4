import CLinux
import Glibc
public import SystemPackage

/// Becoming a process that outlives its terminal.
public enum Daemon {
  /// Which of the two processes after a fork this is.
  public enum Side {
    /// The one that was there before; it has this child.
    case parent(child: Int32)
    /// The new one, in a session of its own.
    case child
  }

  /// Splits the process in two: `fork(2)`, `setsid(2)` in the child. No other thread may have been started.
  public static func fork() throws(Errno) -> Side {
    let child = try retrying { casfs_fork() }
    if child != 0 { return .parent(child: child) }
    setsid()
    return .child
  }

  /// Closes what the caller left open besides standard input, output and error: `close_range(2)`. A daemon would hold
  /// its caller's locks, pipes and files as long as it lives. Must be called before anything is opened.
  public static func closeInherited() throws(Errno) {
    _ = try retrying { casfs_close_inherited() }
  }

  /// Keeps programs that are started from now on from having what is open besides standard input, output and error:
  /// `close_range(2)`. Libraries may have opened something without saying so.
  public static func closeOnExec() throws(Errno) {
    _ = try retrying { casfs_close_on_exec() }
  }

  /// Lets SIGINT and SIGTERM end the process, even where its caller ignored or blocked them: `sigaction(2)`,
  /// `sigprocmask(2)`.
  public static func restoreSignals() {
    casfs_default_signals()
  }

  /// Waits for the end of a child: `waitpid(2)`.
  ///
  /// - Returns: its exit status; 128 and the signal's number when a signal ended it.
  public static func status(ofChild child: Int32) throws(Errno) -> Int32 {
    var status: Int32 = 0
    _ = try retrying { unsafe waitpid(child, &status, 0) }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  /// Lets go of the terminal and of the working directory: standard input, output and error become `/dev/null`.
  public static func leaveTerminal() throws(Errno) {
    let null = try OpenFile.open(path: "/dev/null", .readWrite)
    for stream in STDIN_FILENO...STDERR_FILENO { _ = try retrying { dup2(null.rawValue, stream) } }
    _ = try retrying { unsafe chdir("/") }
  }

  /// Waits for the end of another process, a child or not: `pidfd_open(2)`.
  ///
  /// - Throws: ETIMEDOUT when it has not ended in time.
  public static func waitForEnd(of process: Int32, timeout: Duration) throws(Errno) {
    let milliseconds = Int32(clamping: timeout / .milliseconds(1) < 1e9 ? Int64(timeout / .milliseconds(1)) : .max)
    _ = try retrying { casfs_wait_process(process, milliseconds) }
  }

  /// Sends a message to the system's log: `syslog(3)`, facility daemon.
  ///
  /// - Parameter priority: 3 an error, 4 a warning, 6 information, 7 for debugging.
  public static func log(_ priority: Int32, _ message: String) {
    unsafe casfs_log(priority, message)
  }
}
