import TestSupport
import Testing

/// Registries whose tags and manifests are not what they should be.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct TagFaultTests {
  @Test("E11: tags come a page at a time, and all are there")
  func pages() throws {
    try ScriptedMount().run(.test, "TagFault/pages.sh")
  }

  @Test("E11: a list of tags that never ends, leads elsewhere or is none fails, in bounded time")
  func endless() throws {
    try ScriptedMount().run(.test, "TagFault/endless.sh")
  }

  @Test("D7, E11: names that are no tags are passed over, and lead nowhere")
  func hostile() throws {
    try ScriptedMount().run(.test, "TagFault/hostile.sh")
  }

  @Test("V2, E15: a manifest that is not what it is said to be is refused, and says why")
  func manifests() throws {
    try ScriptedMount().run(.test, "TagFault/manifests.sh")
  }

  @Test("E15: a manifest over 4 MiB is refused before it is read")
  func large() throws {
    try ScriptedMount().run(.test, "TagFault/large.sh")
  }
}
