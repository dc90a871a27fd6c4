import TestSupport
import Testing

/// The privileges of the daemon, and of other users in its mount.
@Suite(.needs(.fuse, .root, .tools("setpriv"))) struct IsolationTests {
  @Test("M5: root's daemon keeps six capabilities and gains no others, and exec closes its descriptors")
  func capabilities() throws {
    try ScriptedMount().run("Isolation/capabilities.sh")
  }

  @Test("D3 D4 I2 I6 M5: those capabilities suffice for stores and callers of any owner, and keep the store's owner")
  func otherOwner() throws {
    try ScriptedMount().run("Isolation/other-owner.sh")
  }

  @Test("D2 D3 D4: nothing is world-writable with any umask", arguments: ["index", "refs"])
  func worldWritable(layout: String) throws {
    try ScriptedMount().run("Isolation/world-writable.sh", ["layout": layout])
  }

  @Test("M3 M5: other users see nothing; with allow_other they read by the modes, and change only their own files")
  func others() throws {
    try ScriptedMount().run("Isolation/others.sh")
  }
}
