import Foundation

/// A program that was started: `posix_spawn(3)`. It inherits its three standard files and no others.
///
/// Foundation's `Process` crashes now and then when many are started at once, and sees the end of one only when all
/// its children have ended.
public final class Child: Sendable {
  /// Its process number.
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
    // Above the standard ones first, for one may stand where another is to go.
    for (index, file) in [files.input, files.output, files.errors].enumerated() {
      unsafe posix_spawn_file_actions_adddup2(&actions, file, 100 + Int32(index))
    }
    for target in 0..<3 as Range<Int32> { unsafe posix_spawn_file_actions_adddup2(&actions, 100 + target, target) }
    for index in 0..<3 as Range<Int32> { unsafe posix_spawn_file_actions_addclose(&actions, 100 + index) }
    let inFolder = folder.map { ["/usr/bin/env", "-C", $0] } ?? []
    let line = inFolder + [program] + arguments
    let words = unsafe Self.strings(line)
    // A sanitizer is to report to the same place everywhere, see .ci/sanitize.
    let own = ProcessInfo.processInfo.environment.filter { ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains($0.key) }
    let environment = unsafe Self.strings(own.merging(variables) { $1 }.map { "\($0)=\($1)" })
    defer { unsafe (words + environment).forEach { unsafe free($0) } }
    // Threads of Swift's pool hold signals back, and what they start would too.
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

  /// Waits for its end.
  ///
  /// - Returns: the exit status, or the signal's number and that it was one; `nil` when it goes on after so many
  ///   seconds.
  public func end(seconds: Double) -> (status: Int32, isKilled: Bool)? {
    let deadline = ContinuousClock.now + .seconds(seconds)
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
