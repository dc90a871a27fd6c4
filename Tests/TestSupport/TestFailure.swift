/// The error of a test whose preparation failed or timed out.
public struct TestFailure: Error, CustomStringConvertible {
  /// The reason.
  public let description: String

  /// Creates an error with a reason.
  public init(_ description: String) {
    self.description = description
  }
}
