import TestSupport
import Testing

/// `verify=remember` on a disk of its own, across mounts.
@Suite(.needs(.fuse, .root, .loop, .tools("jq"))) struct RememberMountTests {
  @Test("V5 V7: a later mount does not hash what an earlier one verified, and sees a change between them")
  func acrossMounts() throws {
    try ScriptedMount().run("Remember/across-mounts.sh")
  }

  @Test("V8: a record with changed bytes, of a future version or of another user costs a verification")
  func tampered() throws {
    try ScriptedMount().run("Remember/tampered.sh")
  }

  @Test("V9: bytes that the disk lost are found by fsck, after which no mount serves them")
  func lostBytes() throws {
    try ScriptedMount().run("Remember/lost-bytes.sh")
  }
}
