import Foundation

/// A child process, started by `posix_spawn(3)`. It inherits its three standard descriptors and no others.
///
/// Foundation's `Process` crashes now and then when many are started concurrently, and reports the end of a process
/// only when all of its children have ended.
public final class ChildProcess: Sendable {
  /// The process id.
  public let id: Int32

  /// Starts a program.
  ///
  /// - Parameter folder: the working directory; `nil` is that of this process.
  /// - Parameter files: the descriptors that become standard input, output and error.
  public init(
    _ program: String, _ arguments: [String], in folder: String? = nil, variables: [String: String],
    files: (input: Int32, output: Int32, errors: Int32)
  ) throws {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    // First to numbers above the standard ones: a source may itself be a standard descriptor.
    for (index, file) in [files.input, files.output, files.errors].enumerated() {
      unsafe posix_spawn_file_actions_adddup2(&actions, file, 100 + Int32(index))
    }
    for target in 0..<3 as Range<Int32> { unsafe posix_spawn_file_actions_adddup2(&actions, 100 + target, target) }
    for index in 0..<3 as Range<Int32> { unsafe posix_spawn_file_actions_addclose(&actions, 100 + index) }
    let changeDirectory = folder.map { ["/usr/bin/env", "-C", $0] } ?? []
    let line = changeDirectory + [program] + arguments
    let words = unsafe Self.strings(line)
    // Sanitizers of the child report where those of this process do, see .ci/sanitize.
    let sanitizers = ProcessInfo.processInfo.environment.filter { ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains($0.key) }
    let environment = unsafe Self.strings(sanitizers.merging(variables) { $1 }.map { "\($0)=\($1)" })
    defer { unsafe (words + environment).forEach { unsafe free($0) } }
    // Threads of Swift's pool block signals, and a child would inherit that.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    unsafe sigemptyset(&noSignals)
    unsafe posix_spawnattr_setsigmask(&attributes, &noSignals)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var child: pid_t = 0
    let failure = unsafe posix_spawn(&child, line[0], &actions, &attributes, words, environment)
    guard failure == 0 else { throw TestFailure("cannot start \(program): error \(failure)") }
    id = child
  }

  private static func strings(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
    unsafe strings.map { unsafe strdup($0) } + [nil]
  }

  /// Waits for the process to end.
  ///
  /// - Returns: the exit status, or the number of the signal that killed it; `nil` after `timeout`.
  public func wait(timeout: Duration) -> (status: Int32, isKilled: Bool)? {
    let deadline = ContinuousClock.now + timeout
    while true {
      var status: Int32 = 0
      if unsafe waitpid(id, &status, WNOHANG) == id {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8 & 0xFF, false) : (signal, true)
      }
      if ContinuousClock.now > deadline { return nil }
      usleep(3000)
    }
  }

  /// Sends it a signal.
  public func signal(_ number: Int32) {
    kill(id, number)
  }
}
