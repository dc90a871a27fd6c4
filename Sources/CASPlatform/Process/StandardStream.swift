import Glibc
public import SystemPackage

/// The three files a process starts with.
public enum StandardStream {
  /// Standard input, descriptor 0.
  public static let input = OpenFile(owning: STDIN_FILENO)
  /// Standard output, descriptor 1.
  public static let output = OpenFile(owning: STDOUT_FILENO)
  /// Standard error, descriptor 2.
  public static let error = OpenFile(owning: STDERR_FILENO)

  /// Runs `body` with standard error going to a file, for libraries that say there what went wrong. To be called
  /// while there is one thread.
  ///
  /// - Returns: what `body` gave, and the text.
  public static func capturingError<Result>(_ body: () -> Result) throws(Errno) -> (Result, String) {
    let captured = try OpenFile.open(path: "/tmp", [.readWrite, .unnamed], mode: 0o600)
    let before = try error.duplicate()
    _ = try retrying { dup2(captured.rawValue, STDERR_FILENO) }
    let result = body()
    _ = try retrying { dup2(before.rawValue, STDERR_FILENO) }
    return (result, String(decoding: try captured.contents(limit: 64 << 10), as: UTF8.self))
  }

  /// Puts something unusable in the place of those the process was started without, so that no file opened later
  /// gets their number and, with it, output that was not meant for it.
  public static func occupy() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) == -1 {
      // The wrong way round: reading or writing there still fails with EBADF, as it would have.
      _ = unsafe open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}

extension OpenFile {
  /// Whether this is a terminal: `isatty(3)`.
  public var isTerminal: Bool { isatty(rawValue) == 1 }
}
