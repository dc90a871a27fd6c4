/// An error of mounting.
public struct MountError: Error, Sendable, CustomStringConvertible {
  /// The cause, for a user.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
