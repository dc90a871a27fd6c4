import TestSupport
import Testing

/// A real image through a mount, with the tools of others.
@Suite(.needs(.fuse, .tools("umoci", "skopeo", "jq"))) struct ImageTests {
  @Test("T1 V1: an image that umoci packed is the same through the mount, for every tool", .needs(.root))
  func image() throws {
    try ScriptedMount().run("Image/image.sh")
  }
}
