import Glibc
import Synchronization

/// Programs that are run to their end: `posix_spawnp(3)`.
enum Program {
  /// Runs a program and captures its output.
  ///
  /// - Returns: its output.
  static func output(of words: [String], in workspace: Workspace) throws -> String {
    let file = workspace.path + "/output"
    try run(words, output: file)
    return try Files.text(of: file)
  }

  /// The seconds that a program takes.
  static func time(_ words: [String]) throws -> Double {
    try seconds { try run(words) }
  }

  /// The path of a program, by PATH and the directories for the administrator.
  static func find(_ name: String) -> String? {
    let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
    return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"])
      .map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }
  }

  /// Runs a program.
  ///
  /// - Parameter output: the file for its output; `nil` is the standard output of this process.
  /// - Throws: ``Failure`` when it cannot be started or does not end with status 0, and after ``end()``.
  static func run(_ words: [String], output: String? = "/dev/null") throws {
    let child = try current.withLock { current in
      guard !current.isEnding else { throw Failure("not started any more: \(words[0])") }
      let child = try start(words, output: output)
      current.child = child
      return child
    }
    defer { current.withLock { $0.child = nil } }
    try wait(for: child, words)
  }

  /// Runs a program even after ``end()``.
  static func runAtEnd(_ words: [String]) throws {
    try wait(for: start(words, output: "/dev/null"), words)
  }

  /// Starts no more programs, terminates the running one, and waits for it up to ten seconds.
  static func end() {
    current.withLock { current in
      current.isEnding = true
      if let child = current.child { kill(child, SIGTERM) }
    }
    for _ in 0..<1000 where current.withLock({ $0.child != nil }) { usleep(10_000) }
  }

  private struct Current {
    var child: pid_t?
    var isEnding = false
  }

  private static let current = Mutex(Current())

  private static func start(_ words: [String], output: String?) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    if let output {
      unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    }
    // This process has signals blocked, which its children would inherit.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var child: pid_t = 0
    let failure = unsafe posix_spawnp(&child, words[0], &actions, &attributes, arguments, environ)
    guard failure == 0 else {
      errno = failure
      throw Failure(call: "start", words[0])
    }
    return child
  }

  private static func wait(for child: pid_t, _ words: [String]) throws {
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { throw Failure(call: "wait for", words[0]) }
    }
    guard status == 0 else {
      let shown = words.filter { !$0.contains("\n") }.joined(separator: " ")
      throw Failure("it failed: \(shown.prefix(300))")
    }
  }
}
