/// What a request does to a repository.
enum Access: Hashable, Sendable {
  case pull
  case push
  case delete

  /// The actions of a token for it (distribution's token specification, "Token scope").
  var actions: String {
    switch self {
    case .pull: "pull"
    case .push: "pull,push"
    case .delete: "pull,push,delete"
    }
  }
}
