import FoundationEssentials

/// What a user is known by at a registry. Its description tells nothing of it.
enum Credentials: Hashable, Sendable, CustomStringConvertible {
  case password(user: String, String)
  /// A token to get others with.
  case identityToken(String)

  var description: String { "credentials" }

  /// Name and password as they are sent (RFC 7617).
  static func basic(_ user: String, _ password: String) -> String {
    "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
  }
}
