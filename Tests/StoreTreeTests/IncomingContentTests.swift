import OCI
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// The content of files in `incoming`, from the first write to the commit and after it.
@Suite struct IncomingContentTests {
  @Test("I5: writing to a committed name starts from a copy of its blob", arguments: TestStoreKind.allCases)
  func writingOn(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    try tree.save("incoming/f", "first")
    let file = try tree.open("incoming/f", writing: true)
    try tree.write(file, " and more", at: 5)
    try tree.close(file)
    #expect(try tree.isStored("first and more"))
    #expect(try tree.read("incoming/f") == "first and more")
  }

  @Test("I5: writing to a committed name leaves its blob as it was", arguments: TestStoreKind.allCases)
  func firstBlob(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    try tree.save("incoming/f", "first")
    let file = try tree.open("incoming/f", writing: true)
    try tree.write(file, "F")
    #expect(try tree.read(tree.blobPath(digest("first"))) == "first")
    try tree.close(file)
    #expect(try tree.read(tree.blobPath(digest("first"))) == "first")
    #expect(try tree.blobCount() == 2)
  }

  @Test("I5: a truncating open starts from nothing, and is committed at the next close")
  func truncatingOpen() throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "first")
    try tree.save("incoming/f", "2nd")
    #expect(try tree.read("incoming/f") == "2nd")
    #expect(try tree.isStored("first"))
  }

  @Test("I5: an open descriptor publishes again after each further write")
  func repeatedCommits() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    for (count, text) in ["a", "b", "c"].enumerated() {
      if count > 0 { tree.duplicate(file) }
      try tree.write(file, text, at: Int64(count))
      try tree.close(file)
    }
    for text in ["a", "ab", "abc"] { #expect(try tree.isStored(text)) }
  }

  @Test("I7: the order of writes does not change the blob", arguments: TestStoreKind.allCases)
  func order(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let file = try tree.create("incoming/f")
    for (offset, text) in [(4, "ef"), (0, "ab"), (2, "xx"), (2, "cd")] as [(Int64, String)] {
      try tree.write(file, text, at: offset)
    }
    try tree.close(file)
    #expect(try tree.isStored("abcdef"))
  }

  @Test("I7: a hole reads as zeros", arguments: TestStoreKind.allCases)
  func hole(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let file = try tree.create("incoming/f")
    try tree.write(file, "end", at: 3)
    #expect(try tree.read("incoming/f") == "\0\0\0end")
    try tree.close(file)
    #expect(try tree.isStored("\0\0\0end"))
  }

  @Test("I7: truncation shortens and extends the content", arguments: TestStoreKind.allCases)
  func truncation(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let file = try tree.create("incoming/f")
    try tree.write(file, "abcdef")
    try tree.truncate(file, to: 3)
    try tree.truncate(file, to: 4)
    try tree.close(file)
    #expect(try tree.isStored("abc\0"))
  }

  @Test("I7: truncate(2) of a name that no writer has open commits immediately")
  func truncationByPath() throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "abcdef")
    #expect(try tree.set("incoming/f") { $0.size = 2 }.size == 2)
    #expect(try tree.isStored("ab"))
  }

  @Test("I7: content being written is read as it is")
  func readBeforeCommit() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    #expect(try tree.read("incoming/f") == "content")
    #expect(try tree.attributes("incoming/f").size == 7)
  }

  @Test("I7: a change beyond 16 TiB is EFBIG", arguments: [1 << 44, .max] as [Int64])
  func limit(_ offset: Int64) throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    #expect(throws: Errno.fileTooLarge) { try tree.write(file, "x", at: offset) }
  }

  @Test("I10: fsync(2) publishes nothing")
  func synchronize() throws {
    let tree = try TestTree(.directory)
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    try tree.tree.synchronize(file.opened.handle, tree.context())
    #expect(try tree.blobCount() == 0)
    try tree.close(file)
    #expect(try tree.isStored("content"))
  }

  @Test(
    "I11: a full disk is the error of the write, and every close repeats it",
    arguments: [Errno.noSpace, .diskQuotaExceeded])
  func fullDisk(_ error: Errno) throws {
    let engine = try FaultyEngine()
    let tree = TestTree(over: engine)
    let file = try tree.create("incoming/f")
    tree.duplicate(file)
    try tree.write(file, "begun")
    engine.fail { $0.write = error }
    #expect(throws: error) { try tree.write(file, "more", at: 5) }
    engine.fail { $0.write = nil }
    #expect(throws: error) { try tree.write(file, "more", at: 5) }
    for _ in 0..<2 { #expect(throws: error) { try tree.close(file) } }
    try tree.release(file)
    #expect(try tree.blobCount() == 0)
    #expect(try tree.names("incoming") == [])
  }

  @Test("I11: a file whose fsync(2) failed is never published, and every close repeats the error")
  func failedSynchronize() throws {
    let engine = try FaultyEngine()
    let tree = TestTree(over: engine)
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    engine.fail { $0.writeOut = .ioError }
    #expect(throws: Errno.ioError) { try tree.tree.synchronize(file.opened.handle, tree.context()) }
    #expect(throws: Errno.ioError) { try tree.close(file) }
    try tree.release(file)
    #expect(try tree.blobCount() == 0)
  }

  @Test("I12: an unmount publishes what is open; a signal that ends the mount discards it", arguments: [true, false])
  func end(_ isUnmount: Bool) throws {
    let tree = try TestTree(.directory)
    try tree.save("incoming/closed", "closed")
    let file = try tree.create("incoming/open")
    try tree.write(file, "open")
    tree.tree.finish(publishing: isUnmount)
    let files = try #require(tree.folder).files()
    #expect(try files.contains("store/" + tree.blobPath(digest("closed"))))
    #expect(try files.contains("store/" + tree.blobPath(digest("open"))) == isUnmount)
  }
}
