/// The error of text or bytes that are not a valid value of a type.
public struct InvalidValue: Error, Hashable, Sendable, CustomStringConvertible {
  /// The reason, in a few words for a person.
  public let reason: String

  /// Whether a limit was exceeded. Such text cannot be the beginning of a valid one, as a torn read would be.
  package let exceedsBounds: Bool

  /// Where the text is invalid, in bytes; `nil` if that is unknown.
  package let offset: Int?

  /// Creates an error from its reason.
  public init(_ reason: String) {
    self.init(reason, exceedsBounds: false)
  }

  package init(_ reason: String, exceedsBounds: Bool, offset: Int? = nil) {
    self.reason = reason
    self.exceedsBounds = exceedsBounds
    self.offset = offset
  }

  /// The reason.
  public var description: String { reason }
}
