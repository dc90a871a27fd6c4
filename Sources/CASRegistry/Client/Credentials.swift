import FoundationEssentials

/// A user's credentials for a registry. The description is redacted, so that no log or message can have them.
enum Credentials: Hashable, Sendable, CustomStringConvertible {
  case password(user: String, String)
  /// An OAuth 2.0 refresh token, exchanged for bearer tokens. The user's name is for token servers without OAuth 2.0.
  case identityToken(String, user: String = Self.tokenUser)

  /// The name that tools and helpers store in place of a user's for an identity token.
  static let tokenUser = "<token>"

  var description: String { "credentials" }

  /// The `Authorization` header of basic authentication (RFC 7617).
  static func basic(_ user: String, _ password: String) -> String {
    "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
  }
}
