import TestSupport
import Testing

/// Writers whose processes the daemon cannot identify.
@Suite(.needs(.fuse, .root, .tools("unshare", "nsenter"))) struct ForeignPidNamespaceTests {
  @Test("I2 I3 I9: every close by a writer in another pid namespace publishes")
  func otherNamespace() throws {
    try ScriptedMount().run("ForeignPidNamespace/other-namespace.sh")
  }

  @Test("I2: an acknowledged close is stored, also without a descriptor for the daemon to inspect its caller")
  func noDescriptors() throws {
    try ScriptedMount.mounted().run("ForeignPidNamespace/no-descriptors.sh")
  }

  @Test(
    "W3: a process does not continue from what an ended one with its number wrote",
    .enabled(if: Machine.hasProcessSerials, "Linux 6.9"))
  func reusedNumber() throws {
    try ScriptedMount().run("ForeignPidNamespace/reused-number.sh")
  }
}
