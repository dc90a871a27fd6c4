import TestSupport
import Testing

/// Registries with malformed or false responses.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct MalformedResponseTests {
  @Test("E15, M1: malformed URLs of redirects, uploads and token servers are errors")
  func addresses() throws {
    try ScriptedMount().run(.test, "MalformedResponse/addresses.sh", seconds: 120)
  }

  @Test("E15, C1: a server that does not speak HTTP is reported in one line, without names of Swift types")
  func servers() throws {
    try ScriptedMount().run("MalformedResponse/servers.sh", seconds: 120)
  }

  @Test("E8, E10, R3: a tag change that a registry acknowledges and does not make is an error; mv loses no tag")
  func tags() throws {
    try ScriptedMount().run(.test, "MalformedResponse/tags.sh", seconds: 120)
  }

  @Test("E14: a signal ends a command that waits for a registry to store a blob")
  func interrupts() throws {
    try ScriptedMount().run(.test, "MalformedResponse/interrupts.sh")
  }
}
