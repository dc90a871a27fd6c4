/// Why some text or bytes are not the value they were taken for.
public struct InvalidValue: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, in a few words for a person.
  public let reason: String

  /// Whether it is too large or too deep, which no half-written text can be.
  public let exceedsBounds: Bool

  /// Makes an error that says what is wrong.
  public init(_ reason: String, exceedsBounds: Bool = false) {
    self.reason = reason
    self.exceedsBounds = exceedsBounds
  }

  /// The reason.
  public var description: String { reason }
}
