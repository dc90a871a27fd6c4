import TestSupport
import Testing

/// Registries that want to know who asks, and what becomes of the secrets.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct AccessTests {
  @Test("E9, E4: a token or a password is shown, from each file that has one", arguments: ["token", "basic"])
  func files(access: String) throws {
    try ScriptedMount().run(.test, "Access/files.sh", ["access": access])
  }

  @Test("E15: who may not is told so, by host, repository and the registry's words", arguments: ["token", "basic"])
  func denied(access: String) throws {
    try ScriptedMount().run(.test, "Access/denied.sh", ["access": access])
  }

  @Test("E9: tokens that expire are asked for again, between requests and while a blob is sent")
  func expiry() throws {
    try ScriptedMount().run(.test, "Access/expiry.sh")
  }

  @Test("E9, V3: many who ask at once with a token that has expired all get another")
  func expiryForMany() throws {
    try ScriptedMount().run(.test, "Access/expiry-for-many.sh")
  }

  @Test("E9: an identity token is changed into others")
  func identityToken() throws {
    try ScriptedMount().run(.test, "Access/identity-token.sh")
  }

  @Test("Credentials go to no other host: not with a redirection, an upload's place, or another repository")
  func otherHosts() throws {
    try ScriptedMount().run(.test, "Access/other-hosts.sh")
  }

  @Test("A token server that is reached by a way that is not safe gets no credentials")
  func tokenServer() throws {
    try ScriptedMount().run(.test, "Access/token-server.sh")
  }

  @Test(
    "No secret is in a log, an error, the status, the table of mounts or the arguments of a process",
    arguments: ["token", "basic"])
  func secrets(access: String) throws {
    try ScriptedMount().run(.test, "Access/secrets.sh", ["access": access])
  }
}
