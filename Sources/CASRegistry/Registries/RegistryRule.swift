/// A `[[registry]]` of `containers-registries.conf(5)`: the settings of all repositories whose names begin with a prefix.
struct RegistryRule: Hashable, Sendable {
  /// A registry that has copies of the repositories.
  struct Mirror: Hashable, Sendable {
    /// The names for which it is asked.
    enum Use: String, Sendable {
      case all
      case digestOnly = "digest-only"
      case tagOnly = "tag-only"
    }

    var location: String
    var isInsecure: Bool
    var use: Use
  }

  /// `HOST[:PORT][/PATH]`, or `*.DOMAIN` for all hosts of a domain.
  var prefix: String
  /// The text in place of the prefix; `nil` leaves names as they are, after `*.DOMAIN` only.
  var location: String?
  var isInsecure: Bool
  var isBlocked: Bool
  var mirrors: [Mirror]
  /// The file with the rule, for messages.
  var file: String
  /// The line in the file, from 1.
  var line: Int

  /// The rest of a repository's name after the prefix; `nil` for a name without it.
  func rest(of name: String) -> Substring? {
    guard prefix.hasPrefix("*.") else {
      guard name.utf8.starts(with: prefix.utf8) else { return nil }
      return Self.separated(Substring(name.utf8.dropFirst(prefix.utf8.count)))
    }
    let host = name.prefix { $0 != "/" }
    let domain = prefix.dropFirst()
    guard let found = host.firstRange(of: domain) else { return nil }
    return Self.separated(name[found.upperBound...])
  }

  /// A prefix ends where a part of the name does.
  private static func separated(_ rest: Substring) -> Substring? {
    rest.isEmpty || rest.first == "/" || rest.first == ":" ? rest : nil
  }
}
