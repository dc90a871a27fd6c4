import TestSupport
import Testing

/// Stores on disks that are full or fail.
@Suite(.needs(.fuse, .root, .loop)) struct FailingDiskTests {
  @Test(
    "I11: a full disk is reported at write, by cp and by shells; nothing is left, and the mount goes on",
    arguments: ["tmpfs", "ext4"])
  func full(kind: String) throws {
    try ScriptedMount().run("FailingDisk/full.sh", ["kind": kind])
  }

  @Test("I10 I11: fsync and close report a failed disk; nothing is published, and the mount goes on")
  func writeback() throws {
    try ScriptedMount().run("FailingDisk/writeback.sh")
  }
}
