import Glibc
import Synchronization

/// The temporary folder of all files, whose mounts end with it.
final class Workspace: Sendable {
  /// Its path.
  let path: String

  /// Held during removal.
  private let ending = Mutex(())

  /// Creates it in TMPDIR, or else in /var/tmp, which is on a disk on most machines.
  init() throws {
    let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/var/tmp"
    path = "\(parent)/casfs-benchmark-\(getpid())"
    try Files.makeDirectory(path)
  }

  /// Lets SIGINT, SIGTERM and SIGHUP end the process after removing everything.
  ///
  /// Must be called while the process has one thread, because other threads must not receive those signals.
  func removeAtSignals() throws {
    var awaited = sigset_t()
    unsafe sigemptyset(&awaited)
    for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&awaited, signal) }
    unsafe pthread_sigmask(SIG_BLOCK, &awaited, nil)
    let signals = awaited
    try Threads.start { [self] in
      var signals = signals
      var signal: Int32 = 0
      unsafe sigwait(&signals, &signal)
      ending.withLock { _ in
        Program.end()
        clear()
        _exit(128 + signal)
      }
    }
  }

  /// Unmounts all mounts in the folder.
  func unmountAll() {
    for place in mounts() {
      try? Program.runAtEnd(geteuid() == 0 ? ["umount", "-l", place] : ["fusermount3", "-uz", place])
    }
  }

  /// Unmounts everything and removes the folder.
  func remove() {
    ending.withLock { _ in clear() }
  }

  private func clear() {
    unmountAll()
    // After a signal the work continues for a while, and must not find its folder.
    let removed = path + ".removed"
    try? Files.rename(path, removed)
    // A remaining mount must not be emptied.
    try? Program.runAtEnd(["rm", "-rf", "--one-file-system", removed])
  }

  /// The mount points in the folder, the newest first.
  private func mounts() -> [String] {
    let table = (try? Files.text(of: "/proc/self/mountinfo")) ?? ""
    let places = table.split(separator: "\n").compactMap {
      $0.split(separator: " ").dropFirst(4).first.map(String.init)
    }
    return places.filter { $0.hasPrefix(path + "/") }.reversed()
  }
}
