import TestSupport
import Testing

/// Mirrors and other rules of registries.conf.
@Suite(.needs(.fuse, .tools("curl", "jq", "openssl", "python3", "skopeo"))) struct MirrorTests {
  @Test("N3: reads go to the mirrors in their order, and writes and lists of tags to the registry itself")
  func order() throws {
    try ScriptedMount().run("Mirror/order.sh")
  }

  @Test("N3: a mirror that is away, refuses, breaks off or lies is passed over, and the error names each")
  func faults() throws {
    try ScriptedMount().run("Mirror/faults.sh")
  }

  @Test("N3: location, insecure and blocked count, each registry gets its own credentials, and a broken file is named")
  func settings() throws {
    try ScriptedMount().run("Mirror/settings.sh")
  }
}
