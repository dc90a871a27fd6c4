import TestSupport
import Testing

/// The idle policy; a file replaces /dev/cpu_dma_latency, which other mounts use too.
@Suite(.needs(.fuse, .root, .tools("python3", "unshare"))) struct IdleTests {
  @Test("M3: idle=poll keeps processors awake while requests arrive within a millisecond of each other, and no longer")
  func awake() throws {
    try Self.run("Idle/awake.sh")
  }

  @Test("M3: idle=sleep lets processors sleep, and the default depends on their number")
  func asleep() throws {
    try Self.run("Idle/asleep.sh")
  }

  /// Runs a script in a mount namespace of its own, with a store of one blob.
  private static func run(_ script: String) throws {
    try ScriptedMount().run("Idle/in-namespace.sh", ["script": script])
  }
}
