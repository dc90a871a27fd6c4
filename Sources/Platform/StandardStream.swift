import Glibc

/// The three files a process starts with.
public enum StandardStream {
  /// Standard input, descriptor 0.
  public static let input = OpenFile(owning: STDIN_FILENO)
  /// Standard output, descriptor 1.
  public static let output = OpenFile(owning: STDOUT_FILENO)
  /// Standard error, descriptor 2.
  public static let error = OpenFile(owning: STDERR_FILENO)

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
