/// The kind of access to a repository that a request needs, which selects its token.
enum Access: Hashable, Sendable {
  case pull
  case push
  case delete

  /// The actions of the token's scope (distribution's token specification, "Token Scope Documentation").
  var actions: String {
    switch self {
    case .pull: "pull"
    case .push: "pull,push"
    case .delete: "pull,push,delete"
    }
  }
}
