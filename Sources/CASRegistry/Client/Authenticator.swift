import CAS
import CASPlatform
import SystemPackage

/// Authenticates requests: HTTP basic authentication (RFC 7617), or a bearer token for each kind of access
/// (distribution's token specification).
final class Authenticator: Sendable {
  /// A request that the registry refused.
  struct Refusal: Sendable {
    var status: Int
    var challenges: [Challenge]
    var access: Access
    /// Whether the request concerns no repository, so that its challenge names none, or a placeholder.
    var isProbe: Bool
    /// The `Authorization` header that it had.
    var authorization: String?
  }

  /// The authentication of one request, whose challenges are each answered once.
  struct Attempt: Sendable {
    fileprivate var requestedScopes: Set<Set<String>> = []
    fileprivate var sentBasic: Set<String> = []
  }

  /// The outcome of a challenge.
  enum Outcome: Sendable {
    /// ``authorization(for:)`` has an answer to the challenge.
    case repeatable
    /// There is nothing else to send, for this reason.
    case refused(String?)
  }

  private struct State {
    var basic: String?
    var tokens: [Access: (token: BearerToken, expiry: ContinuousClock.Instant)] = [:]
    /// Newer identity tokens, by the stored ones that the token server replaced.
    var refreshTokens: [String: String] = [:]
    var helperFailures: [String] = []
  }

  private let address: RegistryAddress
  private let files: CredentialFiles
  private let state = Monitor(State())

  init(_ address: RegistryAddress, _ files: CredentialFiles) {
    self.address = address
    self.files = files
  }

  /// The `Authorization` header for a request to the registry; `nil` before the registry asked for one.
  func authorization(for access: Access) -> String? {
    state.withLock(notifying: .none) { state in
      if let basic = state.basic { return basic }
      guard let (token, expiry) = state.tokens[access], expiry > .now else { return nil }
      return "Bearer \(token.value)"
    }
  }

  /// The failures of credential helpers, for the message of a refusal; `nil` if there are none.
  var helperFailures: String? {
    let failures = state.withLock(notifying: .none) { $0.helperFailures }
    return failures.isEmpty ? nil : failures.joined(separator: "; ")
  }

  /// Answers the challenges of a response with status 401 or 403.
  ///
  /// The first token is requested for the store's own repository; a request that is still refused leads to one for the
  /// scope of its own challenge. Without credentials a token server may refuse, and the registry's response counts.
  ///
  /// - Throws: `RegistryError.refused` with EACCES if credentials are rejected, or the challenges cannot be answered.
  func answer(
    _ refusal: Refusal, _ attempt: inout Attempt, through transport: HTTPTransport, _ cancellation: CancellationToken
  ) throws(RegistryError) -> Outcome {
    for challenge in refusal.challenges {
      guard let server = TokenServer(challenge, for: address) else { continue }
      return try requestToken(server, challenge, refusal, &attempt, transport, cancellation)
    }
    let schemes = refusal.challenges.map(\.scheme)
    // Some registries answer 403 without a challenge to a password that has expired.
    if schemes.contains("basic") || refusal.authorization?.hasPrefix("Basic ") == true {
      return try answerBasic(refusal, &attempt, cancellation)
    }
    if schemes.contains("bearer") {
      throw .refused(.io(.permissionDenied), "authentication required: no valid realm in WWW-Authenticate")
    }
    return .refused(refusal.status == 403 ? nil : "no supported scheme in WWW-Authenticate")
  }

  private func answerBasic(
    _ refusal: Refusal, _ attempt: inout Attempt, _ cancellation: CancellationToken
  ) throws(RegistryError) -> Outcome {
    var credentials = try credentials(rejected: nil, cancellation)
    if let found = credentials, Self.basic(found) == refusal.authorization {
      credentials = try self.credentials(rejected: found, cancellation)
    }
    guard let credentials else { return .refused("no credentials for \(address.authority)") }
    guard let basic = Self.basic(credentials) else {
      return .refused("an identity token needs a token server; log in with a password")
    }
    guard basic != refusal.authorization, attempt.sentBasic.insert(basic).inserted else {
      if refusal.status == 403 { return .refused(nil) }
      throw .refused(
        .io(.permissionDenied), annotated("authentication failed: credentials rejected by \(address.authority)"))
    }
    state.withLock(notifying: .none) { $0.basic = basic }
    return .repeatable
  }

  private static func basic(_ credentials: Credentials) -> String? {
    guard case .password(let user, let password) = credentials else { return nil }
    return Credentials.basic(user, password)
  }

  private func requestToken(
    _ server: TokenServer, _ challenge: Challenge, _ refusal: Refusal, _ attempt: inout Attempt,
    _ transport: HTTPTransport, _ cancellation: CancellationToken
  ) throws(RegistryError) -> Outcome {
    let own = ["repository:\(address.repository):\(refusal.access.actions)"]
    let asked = (challenge.parameters["scope"] ?? "").split(separator: " ").map(String.init)
    var candidates = refusal.isProbe || asked.isEmpty ? [own] : [own, asked]
    // A token for the repository that is refused with 403 would be refused again.
    if refusal.status == 403, candidates.count > 1 { candidates.removeFirst() }
    var reason: String?
    var isRejected = false
    for scopes in candidates where attempt.requestedScopes.insert(Self.permissions(scopes)).inserted {
      let (answer, hasCredentials) = try token(server, scopes, transport, cancellation)
      switch answer {
      case .token(let token):
        state.withLock(notifying: .none) { $0.tokens[refusal.access] = (token, .now + token.lifetime) }
        return .repeatable
      case .refused(let status, let text):
        reason = text
        isRejected = hasCredentials && status == 401
      }
    }
    if isRejected, let reason {
      throw .refused(.io(.permissionDenied), annotated("authentication failed: \(reason)"))
    }
    return .refused(reason)
  }

  /// The permissions of scopes, which are equal however scopes are written.
  private static func permissions(_ scopes: [String]) -> Set<String> {
    var permissions: Set<String> = []
    for scope in scopes {
      let resource = scope.prefix(upTo: scope.lastIndex(of: ":") ?? scope.endIndex)
      let actions = scope.dropFirst(resource.count + 1).split(separator: ",")
      for action in actions { permissions.insert("\(resource):\(action)") }
    }
    return permissions
  }

  /// Requests a token with the user's credentials. A helper is asked once more for credentials that are rejected.
  ///
  /// - Returns: the answer, and whether there were credentials.
  private func token(
    _ server: TokenServer, _ scopes: [String], _ transport: HTTPTransport, _ cancellation: CancellationToken
  ) throws(RegistryError) -> (TokenServer.Answer, hasCredentials: Bool) {
    guard let credentials = try credentials(rejected: nil, cancellation) else {
      return (try server.token(scopes, nil, transport, cancellation), false)
    }
    let answer = try token(server, scopes, credentials, transport, cancellation)
    guard case .refused(let status, _) = answer, status == 401 || status == 403,
      let renewed = try self.credentials(rejected: credentials, cancellation), renewed != credentials
    else { return (answer, true) }
    return (try token(server, scopes, renewed, transport, cancellation), true)
  }

  private func token(
    _ server: TokenServer, _ scopes: [String], _ credentials: Credentials, _ transport: HTTPTransport,
    _ cancellation: CancellationToken
  ) throws(RegistryError) -> TokenServer.Answer {
    let answer = try server.token(scopes, newest(credentials), transport, cancellation)
    guard case .identityToken(let stored, _) = credentials else { return answer }
    state.withLock(notifying: .none) { state in
      switch answer {
      case .token(let token):
        if let new = token.refreshToken { state.refreshTokens[stored] = new }
      case .refused: state.refreshTokens[stored] = nil
      }
    }
    return answer
  }

  /// The credentials, with the identity token that replaced a stored one.
  private func newest(_ credentials: Credentials) -> Credentials {
    guard case .identityToken(let stored, let user) = credentials else { return credentials }
    let newest = state.withLock(notifying: .none) { $0.refreshTokens[stored] } ?? stored
    return .identityToken(newest, user: user)
  }

  private func credentials(
    rejected: Credentials?, _ cancellation: CancellationToken
  ) throws(RegistryError) -> Credentials? {
    let lookup = try files.lookup(for: address, rejected: rejected, cancellation)
    state.withLock(notifying: .none) { $0.helperFailures = lookup.failures }
    return lookup.credentials
  }

  private func annotated(_ message: String) -> String {
    helperFailures.map { "\(message); \($0)" } ?? message
  }
}
