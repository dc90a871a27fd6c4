import TestSupport
import Testing

/// Requests that block: their callers can be freed, and other callers are not delayed.
@Suite(.needs(.fuse, .root, .tools("strace"))) struct HangTests {
  @Test("V1 V3: a file that keeps changing is hashed by one thread, however many readers wait or have given up")
  func changing() throws {
    try ScriptedMount().run("Hang/changing.sh")
  }

  @Test("F8: a signal frees a caller that waits for the first use of an image, and other requests are not delayed")
  func firstUse() throws {
    try ScriptedMount().run("Hang/first-use.sh")
  }

  @Test("V3: a slow close(2) of a file of the store delays no request")
  func closing() throws {
    try ScriptedMount().run("Hang/closing.sh")
  }

  @Test("V3: a signal frees a reader that waits for a verification; other requests are not delayed, and a retry joins")
  func verification() throws {
    try ScriptedMount().run("Hang/verification.sh")
  }

  @Test(
    "V3 I2 I4 I10: a blocked commit releases a killed caller and interrupted waiters, and completes")
  func commit() throws {
    try ScriptedMount.mounted().run("Hang/commit.sh")
  }

  @Test("V3 I12: a store on a frozen disk is read, its writers interrupted, and it is unmounted", .needs(.loop))
  func frozen() throws {
    try ScriptedMount().run("Hang/frozen.sh")
  }

  @Test(
    "V3 I12: an unresponsive file system below the store delays only requests that need it, and the store is unmounted",
    .needs(.tools("bindfs")), arguments: ["kill -TERM $daemon", "fusermount3 -u -z $mnt", "umount -l $mnt"])
  func silent(command: String) throws {
    try ScriptedMount().run("Hang/silent.sh", ["command": command])
  }
}
