import TestSupport
import Testing

/// Creating, renaming and removing blobs by their names.
@Suite(.needs(.fuse)) struct BlobFileTests {
  @Test("B2: rename moves a committed name to its own digest among the blobs, and to no other")
  func moving() throws {
    try ScriptedMount.mounted().run("BlobFile/moving.sh")
  }

  @Test("B2 I9: a blob created under a digest must match it")
  func creating() throws {
    try ScriptedMount.mounted().run("BlobFile/creating.sh")
  }

  @Test("B2 I9: rename to a digest of the other algorithm requires that digest of the content")
  func otherAlgorithm() throws {
    try ScriptedMount.mounted().run("BlobFile/other-algorithm.sh")
  }

  @Test("I8: the names of a removed blob disappear immediately, and do not return with it")
  func removedNames() throws {
    try ScriptedMount.mounted().run("BlobFile/removed-names.sh")
  }

  @Test("B3: an unreachable blob can be removed, a reachable one is EBUSY")
  func removing() throws {
    try ScriptedMount.mounted().run("BlobFile/removing.sh")
  }

  @Test("B3: nothing is removed while a manifest that may reach it cannot be read")
  func unreadableManifest() throws {
    try ScriptedMount.mounted().run("BlobFile/unreadable-manifest.sh")
  }
}
