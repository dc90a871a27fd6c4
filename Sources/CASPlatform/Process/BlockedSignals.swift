import CLinux
import Glibc
public import SystemPackage

/// Keeps SIGINT, SIGTERM and SIGHUP back from a process of one thread, so that it can undo what it began before they
/// end it: `pthread_sigmask(3)`, `signalfd(2)`. What the process ignores or blocked before is left alone.
public final class BlockedSignals {
  private let pending: OpenFile
  private var held: UInt32

  /// Holds them from now on.
  public init() throws(Errno) {
    var held: UInt32 = 0
    pending = OpenFile(owning: try retrying { unsafe casfs_hold_signals(&held) })
    self.held = held
  }

  deinit {
    release()
  }

  /// Waits until something can be read from a file, or one of the signals came: `poll(2)`.
  ///
  /// - Returns: whether there is something to read; `false` when a signal came.
  public func waitUntilReadable(_ file: OpenFile) throws(Errno) -> Bool {
    try retrying { casfs_wait_readable(file.rawValue, pending.rawValue) } == 1
  }

  /// Tells, at any time, whether one of the signals came and was not taken.
  public var hasCome: @Sendable () -> Bool {
    { [pending] in
      var state = pollfd(fd: pending.rawValue, events: Int16(POLLIN), revents: 0)
      return unsafe poll(&state, 1, 0) > 0
    }
  }

  /// Takes the signal that came, so that it has no effect any more: `read(2)`.
  public func take() throws(Errno) {
    // The size of `struct signalfd_siginfo`.
    var information = [UInt8](repeating: 0, count: 128)
    var span = information.mutableSpan
    _ = try pending.readSome(into: &span)
  }

  /// Lets the signals through: one that came meanwhile takes effect here, which is the end of most processes.
  public func release() {
    casfs_release_signals(held)
    held = 0
  }
}
