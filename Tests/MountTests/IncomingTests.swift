import TestSupport
import Testing

/// Writing into `incoming`, rule by rule.
@Suite(.needs(.fuse)) struct IncomingTests {
  @Test("I1: a close without writes publishes nothing")
  func nothingWritten() throws {
    try ScriptedMount.mounted().run("Incoming/nothing-written.sh")
  }

  @Test("I2: the last close publishes the blob before it returns, an earlier close does not")
  func lastClose() throws {
    try ScriptedMount.mounted().run("Incoming/last-close.sh")
  }

  @Test("I3: a child that inherited the descriptor publishes nothing by closing it")
  func inherited() throws {
    try ScriptedMount.mounted().run("Incoming/inherited.sh")
  }

  @Test("I3: stores through a mapping after the close are published with the last unmapping")
  func lateMapping() throws {
    try ScriptedMount.mounted().run("Incoming/late-mapping.sh")
  }

  @Test("I3 I9: a failure after the last close keeps the name, with the reason as an attribute")
  func lateFailure() throws {
    try ScriptedMount.mounted().run("Incoming/late-failure.sh")
  }

  @Test("I4: names, digests and listings wait for a pending commit")
  func readAfterClose() throws {
    try ScriptedMount.mounted().run("Incoming/read-after-close.sh")
  }

  @Test("I5: further writes make another blob and leave the first unchanged")
  func writingOn() throws {
    try ScriptedMount.mounted().run("Incoming/writing-on.sh")
  }

  @Test("I7: sendfile(2) and copy_file_range(2) make the same blob")
  func sendfile() throws {
    try ScriptedMount.mounted().run("Incoming/sendfile.sh")
  }

  @Test("I8: mode, times and attributes set after the close stay with the name")
  func alias() throws {
    try ScriptedMount.mounted().run("Incoming/alias.sh")
  }

  @Test("I8: a name has the limit of ext4 for its attributes")
  func attributeLimit() throws {
    try ScriptedMount.mounted().run("Incoming/attribute-limit.sh")
  }

  @Test("I8: deleting a blob removes its aliases")
  func aliasOfNothing() throws {
    try ScriptedMount.mounted().run("Incoming/alias-of-nothing.sh")
  }

  @Test("I9: a name that is a digest rejects other content, at create and at rename")
  func promise() throws {
    try ScriptedMount.mounted().run("Incoming/promise.sh")
  }

  @Test("I8: names that are not UTF-8 work like others")
  func strangeNames() throws {
    try ScriptedMount.mounted().run("Incoming/strange-names.sh")
  }

  @Test("I10: directories are created, moved and removed; fsync publishes nothing")
  func directories() throws {
    try ScriptedMount.mounted().run("Incoming/directories.sh")
  }

  @Test("I10: fsync writes content out, and the close alone makes it durable", .needs(.tools("strace")))
  func synchronizations() throws {
    try ScriptedMount.mounted().run("Incoming/synchronizations.sh")
  }

  @Test("I7 I8 I10: calls that fail on a disk fail in incoming, with the same error")
  func errors() throws {
    try ScriptedMount.mounted().run("Incoming/errors.sh")
  }

  @Test(
    "I10: cp -r, rsync -a and tar copy a tree into incoming", .needs(.tools("rsync")),
    arguments: ["cp", "rsync", "tar"])
  func tree(program: String) throws {
    try ScriptedMount.mounted().run("Incoming/tree.sh", ["program": program])
  }

  @Test("I2: eight concurrent writers make all of their blobs")
  func parallel() throws {
    try ScriptedMount.mounted().run("Incoming/parallel.sh")
  }

  @Test("I8: a file removed while it is open is not published")
  func removedWhileOpen() throws {
    try ScriptedMount.mounted().run("Incoming/removed-while-open.sh")
  }

  @Test("I8: the mode that an access control list sets shows immediately", .needs(.tools("setfacl")))
  func accessControlList() throws {
    try ScriptedMount.mounted().run("Incoming/access-control-list.sh")
  }

  @Test("I13: holes are kept by writing on, shown by stat(2) and lseek(2), and kept by tools that copy out")
  func holes() throws {
    try ScriptedMount.mounted().run("Incoming/holes.sh")
  }
}
