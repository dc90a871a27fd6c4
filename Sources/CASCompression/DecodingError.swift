/// Compressed content that is malformed.
package struct DecodingError: Error, Hashable, Sendable {
  /// The reason, in a few words for a person.
  package let reason: String

  /// Creates an error with its reason.
  package init(_ reason: String) {
    self.reason = reason
  }
}
