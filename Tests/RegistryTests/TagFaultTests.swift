import TestSupport
import Testing

/// Registries with wrong tags and manifests.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct TagFaultTests {
  @Test("E11: paged tags are listed completely")
  func pages() throws {
    try ScriptedMount().run(.test, "TagFault/pages.sh")
  }

  @Test("E11: a list of tags that is endless, malformed or leads elsewhere fails in bounded time")
  func endless() throws {
    try ScriptedMount().run(.test, "TagFault/endless.sh")
  }

  @Test("D7, E11: malformed tags are skipped, and lead nowhere")
  func hostile() throws {
    try ScriptedMount().run(.test, "TagFault/hostile.sh")
  }

  @Test("V2, E15: a manifest that does not match its digest is rejected with the reason")
  func manifests() throws {
    try ScriptedMount().run(.test, "TagFault/manifests.sh")
  }

  @Test("E15: a manifest over 4 MiB is rejected before it is read")
  func large() throws {
    try ScriptedMount().run(.test, "TagFault/large.sh")
  }
}
