import CLinux
import Glibc
package import SystemPackage

extension ChildProcess {
  /// The end of a filter, and what it wrote to its standard output.
  package struct FilterOutcome: Sendable {
    /// The exit status; 128 plus the signal's number if a signal terminated it.
    package let status: Int32
    /// Its standard output.
    package let output: [UInt8]
  }

  /// The reason why a filter has no outcome.
  package enum FilterFailure: Error {
    /// The program could not be started.
    case notStarted(Errno)
    /// It wrote more than the limit.
    case outputTooLong
    case timedOut
    case cancelled
  }

  /// The longest input of a filter, in bytes: an empty pipe accepts so many without a reader (`PIPE_BUF`).
  package static let filterInputLimit = 4096
  private static let pollInterval: Int32 = 20

  /// Runs a program with an input, and collects its output: `posix_spawn(3)`, `poll(2)`, `waitpid(2)`.
  ///
  /// The program leads a process group of its own. Unless it ends by itself, the whole group is killed, so that the
  /// processes that it started end with it. It inherits the standard streams alone, and its errors are dropped.
  ///
  /// - Parameter name: the file's name, which is looked for in the absolute paths of the variable `PATH`.
  /// - Parameter environment: the variables of the program, and `PATH`.
  /// - Parameter input: at most ``filterInputLimit`` bytes.
  /// - Parameter outputLimit: the longest output, in bytes.
  package static func filter(
    _ name: String, _ arguments: [String], environment: [String: String], input: [UInt8], outputLimit: Int,
    timeout: Duration, isCancelled: () -> Bool
  ) throws(FilterFailure) -> FilterOutcome {
    let deadline = ContinuousClock.now + timeout
    let (child, stream): (pid_t, OpenFile)
    do throws(Errno) {
      (child, stream) = try startFilter(name, arguments, environment, input)
    } catch {
      throw .notStarted(error)
    }
    var output: [UInt8] = []
    var isOpen = true
    while true {
      let status = exitStatus(of: child)
      // A process that the program started may keep the pipe open, so only what is there is read after its end.
      while isOpen, isReadable(stream, within: status == nil ? pollInterval : 0) {
        guard let part = nextPart(of: stream) else {
          isOpen = false
          break
        }
        output += part
        if output.count > outputLimit || status == nil { break }
      }
      if output.count > outputLimit {
        if status == nil { end(child) }
        throw .outputTooLong
      }
      if let status { return FilterOutcome(status: status, output: output) }
      guard !isCancelled(), ContinuousClock.now < deadline else {
        end(child)
        throw isCancelled() ? .cancelled : .timedOut
      }
      if !isOpen { Thread.sleep(for: .milliseconds(1)) }
    }
  }

  /// Starts the program, with the input already in the pipe that it reads.
  private static func startFilter(
    _ name: String, _ arguments: [String], _ environment: [String: String], _ input: [UInt8]
  ) throws(Errno) -> (pid_t, OpenFile) {
    guard input.count <= filterInputLimit else { throw .invalidArgument }
    let (source, sink) = (try Pipe(), try Pipe())
    try source.writer.write(input.span)
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, source.reader.rawValue, STDIN_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, sink.writer.rawValue, STDOUT_FILENO)
    unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    unsafe casfs_spawn_without(&actions, STDERR_FILENO + 1)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // Threads of casfs block signals, and a daemon may ignore some.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var words: [UnsafeMutablePointer<CChar>?] = unsafe ([name] + arguments).map { unsafe strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
      unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer {
      unsafe words.forEach { unsafe free($0) }
      unsafe variables.forEach { unsafe free($0) }
    }
    var failure = ENOENT
    for directory in (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
    where directory.hasPrefix("/") {
      var child = pid_t()
      let error = unsafe posix_spawn(&child, "\(directory)/\(name)", &actions, &attributes, &words, &variables)
      if error == 0 { return (child, sink.reader) }
      // Another directory may have the program, as for `execvp(3)`; the reason of one that is there is kept.
      if error != ENOENT, error != ENOTDIR { failure = error }
    }
    throw Errno(rawValue: failure)
  }

  /// The status of a child that has ended, which is reaped; `nil` while it runs.
  private static func exitStatus(of child: pid_t) -> Int32? {
    var status: Int32 = 0
    guard let ended = try? retrying({ unsafe waitpid(child, &status, WNOHANG) }) else { return 0 }
    guard ended == child else { return nil }
    return exitStatus(status)
  }

  private static func isReadable(_ file: OpenFile, within milliseconds: Int32) -> Bool {
    var state = pollfd(fd: file.rawValue, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&state, 1, milliseconds) > 0
  }

  /// The next bytes of a readable pipe; `nil` at its end.
  private static func nextPart(of file: OpenFile) -> [UInt8]? {
    var part = [UInt8](repeating: 0, count: 4096)
    var span = part.mutableSpan
    guard let count = try? file.readSome(into: &span), count > 0 else { return nil }
    return Array(part[..<count])
  }

  /// Kills a child that has not been reaped, and its process group: `kill(2)`, `waitpid(2)`.
  private static func end(_ child: pid_t) {
    _ = kill(-child, SIGKILL)
    _ = try? waitForStatus(of: child)
  }
}
