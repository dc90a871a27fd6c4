import SystemPackage
import Testing

@testable import StoreTree

/// The close that publishes the content of a file.
@Suite struct LastCloseTests {
  @Test("I1: a close of a new file before anything is written publishes nothing")
  func nothingWritten() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    tree.duplicate(file)
    try tree.close(file)
    try tree.close(file)
    #expect(try tree.blobCount() == 0)
    #expect(tree.counter("commits") == 0)
  }

  @Test("I1: a close after the commit publishes nothing again")
  func nothingNew() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "a")
    try tree.close(file)
    tree.duplicate(file)
    try tree.close(file)
    try tree.release(file)
    #expect(tree.counter("commits") == 1)
  }

  @Test("I1: a descriptor open for reading needs no FLUSH, and publishes nothing when it is released")
  func reader() throws {
    let tree = try TestTree()
    let writer = try tree.create("incoming/f")
    try tree.write(writer, "a")
    let reader = try tree.open("incoming/f")
    #expect(reader.opened.ignoresFlush)
    try tree.close(reader)
    try tree.release(reader)
    #expect(try tree.blobCount() == 0)
  }

  @Test("I2: the last close by the opener publishes the blob", arguments: TestStoreKind.allCases)
  func lastClose(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    #expect(try !tree.isStored("content"))
    try tree.close(file)
    #expect(try tree.isStored("content"))
    #expect(try tree.link("committed/f") == "../" + tree.blobPath(digest("content")))
  }

  @Test("I2: a close publishes nothing while the opener has another descriptor, and one blob has all content")
  func duplicates() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    tree.duplicate(file)
    try tree.write(file, "a\n")
    try tree.close(file)
    #expect(try tree.blobCount() == 0)
    try tree.write(file, "b\n", at: 2)
    try tree.close(file)
    #expect(try tree.blobCount() == 1)
    #expect(try tree.isStored("a\nb\n"))
  }

  @Test("I2: a close by any thread of the opener counts")
  func otherThread() throws {
    let tree = try TestTree()
    tree.processes.assign(thread: 101, to: .opener)
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    try tree.close(file, by: 101)
    #expect(try tree.isStored("content"))
  }

  @Test("I2: every close by a caller in another pid namespace publishes the content written until then")
  func unseenCloser() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    tree.duplicate(file)
    try tree.write(file, "a")
    try tree.close(file, by: .unseen)
    try tree.write(file, "b", at: 1)
    try tree.close(file, by: .unseen)
    #expect(try tree.isStored("a"))
    #expect(try tree.isStored("ab"))
  }

  @Test("I2: every close of a file that a process in another pid namespace opened publishes")
  func unseenOpener() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f", by: .unseen)
    try tree.write(file, "content")
    try tree.close(file, by: .child)
    #expect(try tree.isStored("content"))
  }

  @Test("I2: a caller whose process cannot be found counts as the opener")
  func lostCaller() throws {
    let tree = try TestTree()
    tree.processes.assign(thread: 101, to: 0)
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    tree.processes.addDescriptors(-1, of: .opener, inode: file.inode)
    try tree.close(file, by: 101)
    #expect(try tree.isStored("content"))
  }

  @Test("I2: the close by a second process that opened and wrote the file publishes")
  func secondWriter() throws {
    let tree = try TestTree()
    let first = try tree.create("incoming/f")
    let second = try tree.open("incoming/f", writing: true, by: .other)
    try tree.write(second, "content")
    try tree.close(first)
    #expect(try tree.blobCount() == 0)
    try tree.close(second, by: .other)
    #expect(try tree.isStored("content"))
  }

  @Test("I2: the error of the commit is the error of the close", arguments: [Errno.noSpace, .ioError])
  func failingCommit(_ error: Errno) throws {
    let engine = try FaultyEngine()
    let tree = TestTree(over: engine)
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    engine.fail { $0.commit = error }
    #expect(throws: error) { try tree.close(file) }
    #expect(try tree.blobCount() == 0)
    #expect(tree.counter("failures") == 1)
  }

  @Test("I3: a close by a child that inherited the descriptor publishes nothing")
  func child() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    for (offset, text) in ["a\n", "b\n"].enumerated() {
      tree.duplicate(file, by: .child)
      try tree.write(file, text, at: Int64(offset * 2))
      try tree.close(file, by: .child)
    }
    #expect(try tree.blobCount() == 0)
    try tree.close(file)
    #expect(try tree.isStored("a\nb\n"))
  }

  @Test("I3: a close by a child reports the failure of a write")
  func failureToldToChild() throws {
    let engine = try FaultyEngine()
    let tree = TestTree(over: engine)
    let file = try tree.create("incoming/f")
    engine.fail { $0.write = .noSpace }
    #expect(throws: Errno.noSpace) { try tree.write(file, "content") }
    #expect(throws: Errno.noSpace) { try tree.close(file, by: .child) }
  }

  @Test("I3: the end of the last descriptor publishes an empty file")
  func emptyFile() throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "")
    #expect(try tree.isStored(""))
    #expect(try tree.attributes("incoming/f").size == 0)
  }

  @Test("I3: the end of the last descriptor publishes content that a child wrote after the opener had ended")
  func orphan() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    tree.duplicate(file, by: .child)
    try tree.close(file)
    try tree.write(file, "late")
    try tree.close(file, by: .child)
    #expect(try tree.blobCount() == 0)
    try tree.release(file)
    #expect(try tree.isStored("late"))
  }

  @Test("I3: the end of the last mapping publishes what was stored after the close")
  func lateStore() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "early")
    try tree.close(file)
    try tree.write(file, " late", at: 5)
    try tree.release(file)
    #expect(try tree.isStored("early"))
    #expect(try tree.isStored("early late"))
    #expect(try tree.read("incoming/f") == "early late")
  }

  @Test("I3: a failure after the last close is counted and kept with the name")
  func lateFailure() throws {
    let engine = try FaultyEngine()
    let tree = TestTree(over: engine)
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    try tree.close(file, by: .child)
    engine.fail { $0.commit = .ioError }
    try tree.release(file)
    #expect(try tree.names("incoming") == ["f"])
    #expect(try tree.extendedAttribute("user.casfs.error", of: "incoming/f") == Errno.ioError.description)
    #expect(try tree.tree.extendedAttributeNames(of: tree.node("incoming/f"), tree.context()) == ["user.casfs.error"])
    #expect(tree.counter("failures") == 1)
    #expect(throws: Errno.ioError) { _ = try tree.read("incoming/f") }
  }

  @Test("I3: a name with a late failure can be written again")
  func afterLateFailure() throws {
    let engine = try FaultyEngine()
    let tree = TestTree(over: engine)
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    engine.fail { $0.commit = .ioError }
    try tree.release(file)
    engine.fail { $0.commit = nil }
    try tree.save("incoming/f", "again")
    #expect(try tree.read("incoming/f") == "again")
    #expect(throws: Errno.noData) { _ = try tree.extendedAttribute("user.casfs.error", of: "incoming/f") }
  }
}
