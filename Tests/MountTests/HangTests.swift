import TestSupport
import Testing

/// Requests that take long, or for ever: who waits can be freed, and others do not wait.
@Suite(.needs(.fuse, .root, .tools("strace"))) struct HangTests {
  @Test("V1 V3: a file that changes again and again is hashed by one thread, whoever waits for it or has given up")
  func changing() throws {
    try ScriptedMount().run("Hang/changing.sh")
  }

  @Test("V3: a file of the store that takes long to be closed holds up nobody")
  func closing() throws {
    try ScriptedMount().run("Hang/closing.sh")
  }

  @Test("V3: a signal frees who waits for a blob to be verified; others wait for nothing, and a retry joins")
  func verification() throws {
    try ScriptedMount().run("Hang/verification.sh")
  }

  @Test(
    "V3 I2 I4 I10: a commit that is stuck frees its caller when that is killed, and others when they want; it goes on")
  func commit() throws {
    try ScriptedMount.mounted().run("Hang/commit.sh")
  }

  @Test("V3 I12: a store whose disk takes no writes any more is read, interrupted, and unmounted", .needs(.loop))
  func frozen() throws {
    try ScriptedMount().run("Hang/frozen.sh")
  }

  @Test(
    "V3 I12: below a file system that answers nothing the store holds up only who needs it, and is unmounted",
    .needs(.tools("bindfs")), arguments: ["kill -TERM $daemon", "fusermount3 -u -z $mnt", "umount -l $mnt"])
  func silent(command: String) throws {
    try ScriptedMount().run("Hang/silent.sh", ["command": command])
  }
}
