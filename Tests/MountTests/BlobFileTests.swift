import TestSupport
import Testing

/// What can be done to blobs by their names.
@Suite(.needs(.fuse)) struct BlobFileTests {
  @Test("B2: a name of incoming moves to its own digest among the blobs, and to no other")
  func moving() throws {
    try ScriptedMount.mounted().run("BlobFile/moving.sh")
  }

  @Test("B2 I9: a blob made under its digest must have it")
  func creating() throws {
    try ScriptedMount.mounted().run("BlobFile/creating.sh")
  }

  @Test("B2 I9: what is committed by one algorithm gets its digest by the other, and no other digest")
  func otherAlgorithm() throws {
    try ScriptedMount.mounted().run("BlobFile/other-algorithm.sh")
  }

  @Test("I8: the names of a removed blob go at once, and do not come back with it")
  func removedNames() throws {
    try ScriptedMount.mounted().run("BlobFile/removed-names.sh")
  }

  @Test("B3: a blob that nothing reaches can be removed, one that is reached is busy")
  func removing() throws {
    try ScriptedMount.mounted().run("BlobFile/removing.sh")
  }

  @Test("B3: nothing is removed while a manifest that may reach it cannot be read")
  func unreadableManifest() throws {
    try ScriptedMount.mounted().run("BlobFile/unreadable-manifest.sh")
  }
}
