import Glibc
import SystemPackage

/// The pending signals of another thread, from `/proc/TID/status`: `proc(5)`.
package struct PendingSignals: Sendable {
  /// Signals that do not terminate a process by default: `signal(7)`.
  private static let nonfatal: [Int32] = [SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH]
  /// Routine signals of children, windows and timers, which programs do not expect to interrupt a system call.
  private static let routine: [Int32] = [
    SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGVTALRM, SIGPROF, SIGIO,
  ]

  /// The pending signals that are neither blocked nor ignored, one bit each.
  private var deliverable: UInt64 = 0
  /// The signals with a handler.
  private var caught: UInt64 = 0

  /// Whether a pending signal will terminate a thread, or the thread has ended.
  ///
  /// - Returns: `false` also for a thread that is not visible, such as one of another pid namespace.
  package static func hasFatalSignal(thread: Int32) -> Bool {
    do throws(Errno) {
      guard let signals = try PendingSignals(of: thread) else { return false }
      // The kernel sends SIGKILL, which cannot be blocked, to every thread of a process that a signal terminates.
      return signals.deliverable & ~signals.caught & ~set(nonfatal) != 0
    } catch {
      return error == .noSuchFileOrDirectory || error == .noSuchProcess
    }
  }

  /// Whether a signal other than a routine one is pending for a thread.
  ///
  /// - Returns: `true` also for a thread that is not visible: the caller knows that a signal is pending, but not which.
  package static func hasInterruptingSignal(thread: Int32) -> Bool {
    guard let signals = try? PendingSignals(of: thread) else { return true }
    return signals.deliverable & ~set(routine) != 0
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
    deliverable = (own | shared) & ~(blocked | ignored)
    self.caught = caught
  }
}
