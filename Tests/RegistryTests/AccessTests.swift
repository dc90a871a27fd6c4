import TestSupport
import Testing

/// Registries that require credentials, and the protection of secrets.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct AccessTests {
  @Test("E9, E4: a token or a password is sent from each file of credentials", arguments: ["token", "basic"])
  func files(access: String) throws {
    try ScriptedMount().run(.test, "Access/files.sh", ["access": access])
  }

  @Test(
    "E15: a caller without permission gets EACCES, or an error with host, repository and the registry's words",
    arguments: ["token", "basic"])
  func denied(access: String) throws {
    try ScriptedMount().run(.test, "Access/denied.sh", ["access": access])
  }

  @Test("E9: an expired token is requested again, between requests and during an upload")
  func expiry() throws {
    try ScriptedMount().run(.test, "Access/expiry.sh")
  }

  @Test("E9, V3: concurrent requests with an expired token all get a new one")
  func expiryForMany() throws {
    try ScriptedMount().run(.test, "Access/expiry-for-many.sh")
  }

  @Test("N1: a caller without an account reads what is public, with a token of the repository")
  func anonymous() throws {
    try ScriptedMount().run(.test, "Access/anonymous.sh")
  }

  @Test("N1: a token is found for every form of challenge, and for a request's own")
  func challenges() throws {
    try ScriptedMount().run(.test, "Access/challenges.sh")
  }

  @Test("N1: every form of token is used, and faults of a token server are repeated or named")
  func tokenReplies() throws {
    try ScriptedMount().run(.test, "Access/token-replies.sh")
  }

  @Test("N2: credential helpers are run, and one that fails is passed over with a warning")
  func helpers() throws {
    try ScriptedMount().run(.test, "Access/helpers.sh")
  }

  @Test("E9, N1: an identity token is exchanged for access tokens")
  func identityToken() throws {
    try ScriptedMount().run(.test, "Access/identity-token.sh")
  }

  @Test("Credentials are sent to no other host: not by a redirect, the location of an upload, or another repository")
  func otherHosts() throws {
    try ScriptedMount().run(.test, "Access/other-hosts.sh")
  }

  @Test("A token server on an insecure connection gets no credentials")
  func tokenServer() throws {
    try ScriptedMount().run(.test, "Access/token-server.sh")
  }

  @Test(
    "Logs, errors, the status, the mount table and process arguments contain no secret",
    arguments: ["token", "basic"])
  func secrets(access: String) throws {
    try ScriptedMount().run(.test, "Access/secrets.sh", ["access": access])
  }
}
