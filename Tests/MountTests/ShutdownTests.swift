import TestSupport
import Testing

/// The end of a mount, and which processes outlive it.
@Suite(.needs(.fuse)) struct ShutdownTests {
  @Test("M1: a mount outlives its terminal; in the foreground it ends with it, cleanly")
  func terminal() throws {
    try ScriptedMount().run("Shutdown/terminal.sh")
  }

  @Test("M1: a mount started with SIGHUP ignored survives it", arguments: ["", "-f"])
  func ignored(option: String) throws {
    try ScriptedMount().run("Shutdown/ignored.sh", ["option": option])
  }

  @Test(
    "I12: a lazy unmount lets readers go on and writers publish at their close, and the last close ends the daemon",
    .needs(.root), arguments: ["umount -l", "fusermount3 -uz"])
  func lazy(command: String) throws {
    try ScriptedMount.mounted().run("Shutdown/lazy.sh", ["command": command])
  }
}
