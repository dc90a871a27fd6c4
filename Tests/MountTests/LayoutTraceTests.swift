import TestSupport
import Testing

/// The calls of tools of layouts that the machine need not have, performed as they were recorded.
@Suite(.needs(.fuse, .tools("python3", "jq"))) struct LayoutTraceTests {
  @Test("W1, W3, W5, W7, W8, W9, W11: each recorded tool works in the mount, and stores its tag and all blobs")
  func each() throws {
    try ScriptedMount.mounted().run("LayoutTrace/each.sh", seconds: 120)
  }

  @Test("W2, W3, W7, W10: recorded tools that work concurrently lose no tag and no blob of each other's")
  func concurrent() throws {
    try ScriptedMount.mounted().run("LayoutTrace/concurrent.sh", ["tags": "2"], seconds: 180)
  }
}
