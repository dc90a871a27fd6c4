/// How a process ended and what it said.
public struct Outcome: Sendable {
  /// The exit status, or the number of the signal.
  public var status: Int32
  /// Whether a signal ended it.
  public var isKilled: Bool
  /// Standard output.
  public var output: [UInt8]
  /// Standard error.
  public var errors: String

  /// Takes its parts.
  public init(status: Int32, isKilled: Bool, output: [UInt8], errors: String) {
    self.status = status
    self.isKilled = isKilled
    self.output = output
    self.errors = errors
  }

  /// Standard output as text.
  public var text: String { String(decoding: output, as: UTF8.self) }
  /// The lines of standard output.
  public var lines: [String] { text.split(separator: "\n").map(String.init) }
}

/// What a test fails with when it cannot begin, or does not end in time.
public struct TestFailure: Error, CustomStringConvertible {
  /// The reason.
  public let description: String

  /// Takes the reason.
  public init(_ description: String) {
    self.description = description
  }
}
