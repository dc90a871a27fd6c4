import TestSupport
import Testing

/// Registries that say what makes no sense, or is not so.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct MalformedResponseTests {
  @Test("E15, M1: addresses that are none, to be led to, to send to and to get tokens from, are errors")
  func addresses() throws {
    try ScriptedMount().run(.test, "MalformedResponse/addresses.sh", seconds: 120)
  }

  @Test("E15, C1: a server that speaks no HTTP is told of in one line, without names of the program's own")
  func servers() throws {
    try ScriptedMount().run("MalformedResponse/servers.sh", seconds: 120)
  }

  @Test("E8, E10, R3: a tag that a registry says it took or deleted, and did not, is an error; mv loses none")
  func tags() throws {
    try ScriptedMount().run(.test, "MalformedResponse/tags.sh", seconds: 120)
  }

  @Test("E14: a signal ends who waits for a registry to store a blob")
  func interrupts() throws {
    try ScriptedMount().run(.test, "MalformedResponse/interrupts.sh")
  }
}
