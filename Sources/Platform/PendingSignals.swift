internal import Glibc
internal import SystemPackage

/// What `/proc` tells about the signals of another thread.
public enum PendingSignals {
  /// Signals that end no process that has not asked for something else.
  private static let harmless: [Int32] = [SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH]

  /// Whether a thread is about to end, or has ended: a signal waits for it that it neither handles, ignores nor holds
  /// back. `/proc/TID/status`.
  ///
  /// - Returns: `false` too for a thread that cannot be seen, as one of another pid namespace.
  public static func willEnd(thread: Int32) -> Bool {
    guard thread > 0 else { return false }
    let text: [UInt8]
    do throws(Errno) {
      text = try OpenFile.open(path: "/proc/\(thread)/status", .readOnly).contents(limit: 64 << 10)
    } catch {
      return error == .noSuchFileOrDirectory || error == .noSuchProcess
    }
    var sets: [Substring: UInt64] = [:]
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") where line.hasPrefix("S") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let set = UInt64(parts[1].drop { $0 == "\t" }, radix: 16) else { continue }
      sets[parts[0]] = set
    }
    guard let own = sets["SigPnd"], let shared = sets["ShdPnd"], let blocked = sets["SigBlk"],
      let ignored = sets["SigIgn"], let caught = sets["SigCgt"]
    else { return false }
    let mild = harmless.reduce(blocked | ignored | caught) { $0 | 1 << UInt64($1 - 1) }
    // What ends a process of several threads is sent to each of them as SIGKILL, which nothing holds back.
    return (own | shared) & ~mild != 0
  }
}
