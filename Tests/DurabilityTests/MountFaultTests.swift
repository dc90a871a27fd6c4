import TestSupport
import Testing

/// Failing system calls of the daemon, and stores that disappear under a mount.
@Suite(.serialized, .needs(.fuse, .root, .tools("strace"))) struct MountFaultTests {
  @Test(
    "I2 I11 R2 D3: a failing system call is its caller's error, is logged once, and the mount goes on",
    arguments: FaultTests.faults)
  func commit(fault: FaultTests.Fault) throws {
    try ScriptedMount().run(
      "MountFault/commit.sh", ["call": fault.call, "error": fault.error, "message": fault.message])
  }

  @Test(
    "R1 R2 R3 B3 E15: a failing system call during a change of references is its caller's error, and changes nothing",
    arguments: ["index", "refs"])
  func references(layout: String) throws {
    try ScriptedMount().run("MountFault/references.sh", ["layout": layout])
  }

  @Test(
    "T5 I11 R2: a store that becomes read-only gives EROFS, serves its blobs, and is written again later",
    .needs(.loop))
  func readOnly() throws {
    try ScriptedMount().run("MountFault/read-only.sh")
  }

  @Test("D6 E15: a removed store gives errors, not hangs; open files stay readable, and unmounting works")
  func gone() throws {
    try ScriptedMount.mounted().run("MountFault/gone.sh")
  }

  @Test("V2 V3: an unreadable blob gives EIO to its readers alone, and is read once it is readable")
  func unreadable() throws {
    try ScriptedMount().run("MountFault/unreadable.sh")
  }
}
