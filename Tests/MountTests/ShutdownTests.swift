import TestSupport
import Testing

/// How a mount ends, and what outlives what.
@Suite(.needs(.fuse)) struct ShutdownTests {
  @Test("M1: a mount outlives its terminal; in the foreground it ends with it, in good order")
  func terminal() throws {
    try ScriptedMount().run("Shutdown/terminal.sh")
  }

  @Test("M1: who is started to ignore SIGHUP goes on", arguments: ["", "-f"])
  func ignored(option: String) throws {
    try ScriptedMount().run("Shutdown/ignored.sh", ["option": option])
  }

  @Test(
    "I12: after a lazy unmount readers go on, writers publish at their close, and the last one ends the daemon",
    .needs(.root), arguments: ["umount -l", "fusermount3 -uz"])
  func lazy(command: String) throws {
    try ScriptedMount.mounted().run("Shutdown/lazy.sh", ["command": command])
  }
}
