import TestSupport
import Testing

/// System calls of the daemon that fail, and stores that go away under a mount.
@Suite(.serialized, .needs(.fuse, .root, .tools("strace"))) struct MountFaultTests {
  @Test(
    "I2 I11 R2 D3: a call that fails is the error of who caused it, is logged once, and the mount goes on",
    arguments: FaultTests.faults)
  func commit(fault: FaultTests.Fault) throws {
    try ScriptedMount().run("MountFault/commit.sh", ["call": fault.call, "error": fault.error, "message": fault.message])
  }

  @Test(
    "R1 R2 R3 B3 E15: a call that fails while references change is the error of who changes them, and changes nothing",
    arguments: ["index", "refs"])
  func references(layout: String) throws {
    try ScriptedMount().run("MountFault/references.sh", ["layout": layout])
  }

  @Test(
    "T5 I11 R2: a store that becomes read-only gives EROFS, serves what it has, and is written again later",
    .needs(.loop))
  func readOnly() throws {
    try ScriptedMount().run("MountFault/read-only.sh")
  }

  @Test("D6 E15: a store that disappears gives errors, not hangs; what is open goes on, and unmounting works")
  func gone() throws {
    try ScriptedMount.mounted().run("MountFault/gone.sh")
  }

  @Test("V2 V3: a blob that cannot be read gives EIO, to who reads it alone, and is read when it can be")
  func unreadable() throws {
    try ScriptedMount().run("MountFault/unreadable.sh")
  }
}
