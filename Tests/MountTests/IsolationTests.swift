import TestSupport
import Testing

/// What a mount's daemon may do, and what other users may do with its mount.
@Suite(.needs(.fuse, .root, .tools("setpriv"))) struct IsolationTests {
  @Test("M5: root's daemon keeps six capabilities, gets no others, and its descriptors are closed by exec")
  func capabilities() throws {
    try ScriptedMount().run("Isolation/capabilities.sh")
  }

  @Test("D3 D4 I2 I6 M5: with those it serves a store, and callers, of any owner, and the store stays its owner's")
  func otherOwner() throws {
    try ScriptedMount().run("Isolation/other-owner.sh")
  }

  @Test("D2 D3 D4: whatever the umask, nothing is made that everybody can write", arguments: ["index", "refs"])
  func worldWritable(layout: String) throws {
    try ScriptedMount().run("Isolation/world-writable.sh", ["layout": layout])
  }

  @Test("M3 M5: who did not mount sees nothing; with allow_other, what the modes say, and changes nothing of others")
  func others() throws {
    try ScriptedMount().run("Isolation/others.sh")
  }
}
