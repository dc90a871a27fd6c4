import TestSupport
import Testing

/// Writers and daemons that end during an operation.
@Suite(.needs(.fuse)) struct KillTests {
  @Test("I6: the data of a killed writer is discarded with its name", arguments: ["KILL", "TERM", "INT", "SEGV"])
  func killedWriter(signal: String) throws {
    try ScriptedMount.mounted().run("Kill/killed-writer.sh", ["signal": signal])
  }

  @Test("I6: a process that writes after the file's opener was killed gets EIO")
  func orphan() throws {
    try ScriptedMount.mounted().run("Kill/orphan.sh")
  }

  @Test("I6: a multi-threaded process that exits without closing publishes")
  func exited() throws {
    try ScriptedMount.mounted().run("Kill/exited.sh")
  }

  @Test("I2 I6: a descriptor that execve(2) closes publishes without delay")
  func closedByExec() throws {
    try ScriptedMount.mounted().run("Kill/closed-by-exec.sh", seconds: 90)
  }

  @Test("I6: a killed writer's changes of a committed name are discarded")
  func killedOverwriter() throws {
    try ScriptedMount.mounted().run("Kill/killed-overwriter.sh")
  }

  @Test("I12: unmount publishes files closed before it, and returns when the daemon has ended")
  func unmount() throws {
    try ScriptedMount.mounted().run("Kill/unmount.sh")
  }

  @Test("I12 M1: a signal unmounts cleanly and discards open files", arguments: ["TERM", "INT", "HUP"])
  func signalled(signal: String) throws {
    try ScriptedMount.mounted().run("Kill/signalled.sh", ["signal": signal])
  }

  @Test("I12: a killed daemon loses no acknowledged blob and leaves no partial one")
  func killedDaemon() throws {
    try ScriptedMount.mounted("nokeeper").run("Kill/killed-daemon.sh")
  }

  @Test("I11: a full store is reported at write; nothing is published and the space is freed", .needs(.root))
  func full() throws {
    let workshop = try ScriptedMount()
    try workshop.run("Kill/full.sh")
  }
}
