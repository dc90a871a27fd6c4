import TestSupport
import Testing

/// Blobs through a mount: what cannot be done to them, and what is never served.
@Suite(.needs(.fuse)) struct BlobTests {
  @Test("B1: blobs cannot be written by any way, by root", .needs(.root))
  func unwritable() throws {
    try ScriptedMount.mounted().run("Blob/unwritable.sh")
  }

  @Test("B1: blobs cannot be written by any way, by an ordinary user", .needs(.root, .tools("setpriv")))
  func unwritableByUsers() throws {
    try ScriptedMount.mounted("allow_other").run("Blob/unwritable-by-users.sh")
  }

  @Test("B4: a blob that is healed keeps its inode number and can be read again through old names")
  func replaced() throws {
    try ScriptedMount.mounted().run("Blob/replaced.sh")
  }

  @Test("B4: what stands for a copy that was replaced opens no other, which may have another length")
  func stale() throws {
    try ScriptedMount.mounted().run("Blob/stale.sh")
  }

  @Test("V1: bytes of a blob changed in the store are noticed at the next open", arguments: ["once", "always"])
  func changed(mode: String) throws {
    try ScriptedMount.mounted("verify=\(mode)").run("Blob/changed.sh")
  }

  @Test("V1: a blob is hashed once for each state of its file, not for each reader")
  func verifiedOnce() throws {
    try ScriptedMount.mounted().run("Blob/verified-once.sh")
  }

  @Test("V2 E5: nothing of a corrupt blob is served, by any way of reading; others are; putting it again heals it")
  func corrupt() throws {
    let workshop = try ScriptedMount()
    try workshop.run("Blob/corrupt.sh")
  }
}
