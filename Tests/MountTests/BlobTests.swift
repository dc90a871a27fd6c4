import TestSupport
import Testing

/// Blobs through a mount: immutability and verification.
@Suite(.needs(.fuse)) struct BlobTests {
  @Test("B1: root cannot write a blob in any way", .needs(.root))
  func unwritable() throws {
    try ScriptedMount.mounted().run("Blob/unwritable.sh")
  }

  @Test("B1: an ordinary user cannot write a blob in any way", .needs(.root, .tools("setpriv")))
  func unwritableByUsers() throws {
    try ScriptedMount.mounted("allow_other").run("Blob/unwritable-by-users.sh")
  }

  @Test("B4: a healed blob keeps its inode number and is read through its old names")
  func replaced() throws {
    try ScriptedMount.mounted().run("Blob/replaced.sh")
  }

  @Test("B4: a node of a replaced copy is ESTALE, and does not open the new one")
  func stale() throws {
    try ScriptedMount.mounted().run("Blob/stale.sh")
  }

  @Test("B5: the kernel has the content of a short blob after the first open, but for mounts with another server")
  func preloaded() throws {
    try ScriptedMount.mounted("keeper").run("Blob/preloaded.sh")
  }

  @Test("V1: the next open detects changed bytes of a stored blob", arguments: ["once", "always"])
  func changed(mode: String) throws {
    try ScriptedMount.mounted("verify=\(mode)").run("Blob/changed.sh")
  }

  @Test("V1: a blob is hashed once per state of its file, not per reader")
  func verifiedOnce() throws {
    try ScriptedMount.mounted().run("Blob/verified-once.sh")
  }

  @Test("V2 E5: a corrupt blob is served by no way of reading; others are; a put heals it")
  func corrupt() throws {
    let workshop = try ScriptedMount()
    try workshop.run("Blob/corrupt.sh")
  }
}
