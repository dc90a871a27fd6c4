import Glibc
package import SystemPackage

/// The standard streams of the process: `stdin(3)`.
package enum StandardStream {
  /// Standard input, descriptor 0.
  package static let input = OpenFile(owning: STDIN_FILENO)
  /// Standard output, descriptor 1.
  package static let output = OpenFile(owning: STDOUT_FILENO)
  /// Standard error, descriptor 2.
  package static let error = OpenFile(owning: STDERR_FILENO)

  /// Runs `body` while standard error is a file in memory, for a library that reports its errors only there: `dup2(2)`. It
  /// must be called while the process has one thread.
  ///
  /// - Returns: the result of `body`, and the text of up to 64 KiB.
  package static func capturingError<Result>(_ body: () -> Result) throws(Errno) -> (Result, String) {
    let captured = try OpenFile.inMemory(named: "casfs-error")
    let before = try error.duplicate()
    _ = try retrying { dup2(captured.rawValue, STDERR_FILENO) }
    let result = body()
    _ = try retrying { dup2(before.rawValue, STDERR_FILENO) }
    return (result, String(decoding: try captured.contents(limit: 64 << 10), as: UTF8.self))
  }

  /// Opens `/dev/null` for each standard stream that the process was started without: `open(2)`. Otherwise a file that is
  /// opened later could get its number, and receive the output.
  package static func openMissing() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) == -1 {
      // With the opposite access mode, so that reading or writing still fails with EBADF.
      _ = unsafe open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}

extension OpenFile {
  /// Whether this is a terminal: `isatty(3)`.
  package var isTerminal: Bool { isatty(rawValue) == 1 }
}
