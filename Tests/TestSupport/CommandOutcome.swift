/// How a command ended and what it printed.
public struct CommandOutcome: Sendable {
  /// The exit status, or the number of the signal.
  public var status: Int32
  /// Whether a signal ended it.
  public var isKilled: Bool
  /// Standard output.
  public var output: [UInt8]
  /// Standard error.
  public var errors: String

  /// Standard output as text.
  public var text: String { String(decoding: output, as: UTF8.self) }
  /// The lines of standard output.
  public var lines: [String] { text.split(separator: "\n").map(String.init) }
}
