import CLinux
import Glibc
package import SystemPackage

/// SIGINT, SIGTERM and SIGHUP, blocked in a process of one thread so that it can undo its work before they end it:
/// `pthread_sigmask(3)`, `signalfd(2)`. Signals that the process ignores, or blocked before, are not changed.
package final class BlockedSignals {
  private let pending: OpenFile
  private var held: UInt32

  /// Blocks the signals.
  ///
  /// - Parameter takesBlocked: whether those are included that are blocked, as after a program of this process that held
  ///   them.
  package init(takingBlocked takesBlocked: Bool = false) throws(Errno) {
    var held: UInt32 = 0
    pending = OpenFile(owning: try retrying { unsafe casfs_hold_signals(&held, takesBlocked ? 1 : 0) })
    self.held = held
  }

  deinit {
    release()
  }

  /// Waits until a file is readable or one of the signals is pending: `poll(2)`.
  ///
  /// - Returns: whether the file is readable; `false` if a signal is pending.
  package func waitUntilReadable(_ file: OpenFile) throws(Errno) -> Bool {
    try retrying { casfs_wait_readable(file.rawValue, pending.rawValue) } == 1
  }

  /// A test if one of the signals is pending, for any thread: `poll(2)` of the signal descriptor.
  package var isPending: @Sendable () -> Bool {
    { [pending] in
      var state = pollfd(fd: pending.rawValue, events: Int16(POLLIN), revents: 0)
      return unsafe poll(&state, 1, 0) > 0
    }
  }

  /// Consumes a pending signal, which then has no effect: `read(2)` of the signal descriptor.
  package func consume() throws(Errno) {
    // The size of `struct signalfd_siginfo`.
    var information = [UInt8](repeating: 0, count: 128)
    var span = information.mutableSpan
    _ = try pending.readSome(into: &span)
  }

  /// Unblocks the signals. A pending one is delivered here, and ends most processes.
  package func release() {
    casfs_release_signals(held)
    held = 0
  }
}
