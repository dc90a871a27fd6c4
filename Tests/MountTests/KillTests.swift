import TestSupport
import Testing

/// Writers and mounts that end in the middle of something.
@Suite(.needs(.fuse)) struct KillTests {
  @Test("I6: what a killed writer wrote is discarded, name and all", arguments: ["KILL", "TERM", "INT", "SEGV"])
  func killedWriter(signal: String) throws {
    try ScriptedMount.mounted().run("Kill/killed-writer.sh", ["signal": signal])
  }

  @Test("I6: who writes on after the one that opened the file was killed is told so")
  func orphan() throws {
    try ScriptedMount.mounted().run("Kill/orphan.sh")
  }

  @Test("I6: a process with threads that ends without closing has published")
  func exited() throws {
    try ScriptedMount.mounted().run("Kill/exited.sh")
  }

  @Test("I2 I6: a descriptor that a new program closes publishes, and holds up nobody")
  func closedByExec() throws {
    try ScriptedMount.mounted().run("Kill/closed-by-exec.sh", seconds: 90)
  }

  @Test("I6: of a name that is a blob already, a killed writer's changes are forgotten")
  func killedOverwriter() throws {
    try ScriptedMount.mounted().run("Kill/killed-overwriter.sh")
  }

  @Test("I12: unmounting publishes what was closed before, and returns when the daemon is done")
  func unmount() throws {
    try ScriptedMount.mounted().run("Kill/unmount.sh")
  }

  @Test("I12 M1: a signal unmounts cleanly and discards what is open", arguments: ["TERM", "INT", "HUP"])
  func signalled(signal: String) throws {
    try ScriptedMount.mounted().run("Kill/signalled.sh", ["signal": signal])
  }

  @Test("I12: a daemon that is killed loses nothing that was acknowledged and leaves nothing half")
  func killedDaemon() throws {
    try ScriptedMount.mounted().run("Kill/killed-daemon.sh")
  }

  @Test("I11: a full store shows at write; nothing of it is published and the space comes back", .needs(.root))
  func full() throws {
    let workshop = try ScriptedMount()
    try workshop.run("Kill/full.sh")
  }
}
