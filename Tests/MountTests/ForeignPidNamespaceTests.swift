import TestSupport
import Testing

/// Writers of which the daemon cannot see which processes they are.
@Suite(.needs(.fuse, .root, .tools("unshare", "nsenter"))) struct ForeignPidNamespaceTests {
  @Test("I2 I3 I9: of a writer in another pid namespace every close publishes")
  func otherNamespace() throws {
    try ScriptedMount().run("ForeignPidNamespace/other-namespace.sh")
  }

  @Test("I2: what a close has acknowledged is stored, though the mount has no descriptor left to look at its caller")
  func noDescriptors() throws {
    try ScriptedMount.mounted().run("ForeignPidNamespace/no-descriptors.sh")
  }
}
