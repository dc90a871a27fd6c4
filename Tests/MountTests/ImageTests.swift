import TestSupport
import Testing

/// A real image through a mount, with umoci and skopeo.
@Suite(.needs(.fuse, .tools("umoci", "skopeo", "jq"))) struct ImageTests {
  @Test("T1 V1: every tool reads an image by umoci unchanged through the mount", .needs(.root))
  func image() throws {
    try ScriptedMount().run("Image/image.sh")
  }
}
