import Glibc
import SystemPackage

/// What `/proc` tells about the signals of another thread: `/proc/TID/status`.
public struct PendingSignals: Sendable {
  /// Signals that end no process that has not asked for something else.
  private static let harmless: [Int32] = [SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH]
  /// Signals that tell of children, windows and timers: they come all the time, and nobody expects a system call to fail
  /// for them.
  private static let passing: [Int32] = [
    SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGVTALRM, SIGPROF, SIGIO,
  ]

  /// Sets of signals, a bit each.
  private var waiting: UInt64 = 0
  private var caught: UInt64 = 0

  /// Whether a thread is about to end, or has ended: a signal waits for it that it neither handles, ignores nor holds
  /// back.
  ///
  /// - Returns: `false` too for a thread that cannot be seen, as one of another pid namespace.
  public static func hasFatalSignal(thread: Int32) -> Bool {
    do throws(Errno) {
      guard let signals = try PendingSignals(of: thread) else { return false }
      // What ends a process of several threads is sent to each of them as SIGKILL, which nothing holds back.
      return signals.waiting & ~signals.caught & ~set(harmless) != 0
    } catch {
      return error == .noSuchFileOrDirectory || error == .noSuchProcess
    }
  }

  /// Whether a signal waits for a thread that ends it, or that it wants to be told of at once.
  ///
  /// - Returns: `true` too for a thread that cannot be seen: no more is known of it than that there is a signal.
  public static func hasInterruptingSignal(thread: Int32) -> Bool {
    guard let signals = try? PendingSignals(of: thread) else { return true }
    return signals.waiting & ~set(passing) != 0
  }

  private static func set(_ signals: [Int32]) -> UInt64 {
    signals.reduce(0) { $0 | 1 << UInt64($1 - 1) }
  }

  private init?(of thread: Int32) throws(Errno) {
    guard thread > 0 else { return nil }
    let text = try OpenFile.open(path: "/proc/\(thread)/status", .readOnly).contents(limit: 64 << 10)
    var sets: [Substring: UInt64] = [:]
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") where line.hasPrefix("S") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let set = UInt64(parts[1].drop { $0 == "\t" }, radix: 16) else { continue }
      sets[parts[0]] = set
    }
    guard let own = sets["SigPnd"], let shared = sets["ShdPnd"], let blocked = sets["SigBlk"],
      let ignored = sets["SigIgn"], let caught = sets["SigCgt"]
    else { return nil }
    waiting = (own | shared) & ~(blocked | ignored)
    self.caught = caught
  }
}
