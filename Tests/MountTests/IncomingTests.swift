import TestSupport
import Testing

/// The rules of writing into `incoming`, one by one.
@Suite(.needs(.fuse)) struct IncomingTests {
  @Test("I1: closing descriptors that wrote nothing makes nothing")
  func nothingWritten() throws {
    try ScriptedMount.mounted().run("Incoming/nothing-written.sh")
  }

  @Test("I2: the blob is there when close returns, and not before while another descriptor is open")
  func lastClose() throws {
    try ScriptedMount.mounted().run("Incoming/last-close.sh")
  }

  @Test("I3: a child that inherited the descriptor publishes nothing by closing it")
  func inherited() throws {
    try ScriptedMount.mounted().run("Incoming/inherited.sh")
  }

  @Test("I3: what is stored through a mapping after the close is published with the last unmapping")
  func lateMapping() throws {
    try ScriptedMount.mounted().run("Incoming/late-mapping.sh")
  }

  @Test("I3 I9: a failure after the last close leaves the name, with the reason as an attribute")
  func lateFailure() throws {
    try ScriptedMount.mounted().run("Incoming/late-failure.sh")
  }

  @Test("I4: names, digests and listings wait for a commit under way")
  func readAfterClose() throws {
    try ScriptedMount.mounted().run("Incoming/read-after-close.sh")
  }

  @Test("I5: writing on makes another blob and leaves the first as it was")
  func writingOn() throws {
    try ScriptedMount.mounted().run("Incoming/writing-on.sh")
  }

  @Test("I7: sendfile and copying within the kernel make the same blob")
  func sendfile() throws {
    try ScriptedMount.mounted().run("Incoming/sendfile.sh")
  }

  @Test("I8: mode, times and attributes given after the close stay with the name")
  func alias() throws {
    try ScriptedMount.mounted().run("Incoming/alias.sh")
  }

  @Test("I8: a name has as many attributes as on ext4, and no more")
  func attributeLimit() throws {
    try ScriptedMount.mounted().run("Incoming/attribute-limit.sh")
  }

  @Test("I8: a blob that is deleted takes its aliases with it")
  func aliasOfNothing() throws {
    try ScriptedMount.mounted().run("Incoming/alias-of-nothing.sh")
  }

  @Test("I9: a name that is a digest takes no other content, at create and at rename")
  func promise() throws {
    try ScriptedMount.mounted().run("Incoming/promise.sh")
  }

  @Test("I8: names that are not UTF-8 are names like others")
  func strangeNames() throws {
    try ScriptedMount.mounted().run("Incoming/strange-names.sh")
  }

  @Test("I10: directories are made, moved and removed; fsync makes no blob")
  func directories() throws {
    try ScriptedMount.mounted().run("Incoming/directories.sh")
  }

  @Test("I10: cp -r, rsync -a and tar bring a tree in", .needs(.tools("rsync")), arguments: ["cp", "rsync", "tar"])
  func tree(program: String) throws {
    try ScriptedMount.mounted().run("Incoming/tree.sh", ["program": program])
  }

  @Test("I2: eight writers at once make all of their blobs")
  func parallel() throws {
    try ScriptedMount.mounted().run("Incoming/parallel.sh")
  }

  @Test("I8: a file that is removed while it is open is nobody's blob")
  func removedWhileOpen() throws {
    try ScriptedMount.mounted().run("Incoming/removed-while-open.sh")
  }
}
