/// Why some text or bytes are not the value they were taken for.
public struct InvalidValue: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, in a few words for a person.
  public let reason: String

  /// Makes an error that says what is wrong.
  public init(_ reason: String) {
    self.reason = reason
  }

  /// The reason.
  public var description: String { reason }
}
