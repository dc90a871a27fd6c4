import Glibc
import Synchronization

/// The temporary folder in which everything is made, and whose mounts go when it does.
final class Workspace: Sendable {
  /// Where it is.
  let path: String

  /// Held by who takes it down.
  private let ending = Mutex(())

  /// Makes it in TMPDIR, or else in /var/tmp, which is on a disk on most machines.
  init() throws {
    let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/var/tmp"
    path = "\(parent)/casfs-benchmark-\(getpid())"
    try Files.makeDirectory(path)
  }

  /// Has SIGINT, SIGTERM and SIGHUP end the process only when everything is taken down.
  ///
  /// To be called while the process has one thread: the others must not get those signals.
  func takeDownAtSignals() throws {
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

  /// Unmounts what is mounted in the folder.
  func unmountAll() {
    for place in mounts() {
      try? Program.runAtEnd(geteuid() == 0 ? ["umount", "-l", place] : ["fusermount3", "-uz", place])
    }
  }

  /// Unmounts everything and removes the folder.
  func takeDown() {
    ending.withLock { _ in clear() }
  }

  private func clear() {
    unmountAll()
    // At a signal the work goes on meanwhile, and must not find its folder any more.
    let removed = path + ".removed"
    try? Files.rename(path, removed)
    // What is still mounted must not be emptied.
    try? Program.runAtEnd(["rm", "-rf", "--one-file-system", removed])
  }

  /// The mounts in the folder, the last one first.
  private func mounts() -> [String] {
    let table = (try? Files.text(of: "/proc/self/mountinfo")) ?? ""
    let places = table.split(separator: "\n").compactMap {
      $0.split(separator: " ").dropFirst(4).first.map(String.init)
    }
    return places.filter { $0.hasPrefix(path + "/") }.reversed()
  }
}
