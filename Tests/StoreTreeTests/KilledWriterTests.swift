import CAS
import OCI
import SystemPackage
import Testing

@testable import StoreTree

/// The content of a process that a signal kills.
@Suite struct KilledWriterTests {
  @Test("I6: the content of a killed process is discarded, with its new name")
  func killed() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "half")
    tree.processes.kill(thread: .opener)
    try tree.close(file)
    #expect(try tree.names("incoming") == [])
    try tree.release(file)
    #expect(try tree.blobCount() == 0)
    #expect(tree.counter("discards") == 1)
  }

  @Test("I6: a new file of a killed process is discarded even when nothing was written")
  func nothingWritten() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    tree.processes.kill(thread: .opener)
    try tree.close(file)
    try tree.release(file)
    #expect(try tree.names("incoming") == [])
    #expect(try tree.blobCount() == 0)
  }

  @Test("I6: a name that was committed before stands for its blob again")
  func committedBefore() throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "first")
    let file = try tree.open("incoming/f", writing: true, truncating: true)
    try tree.write(file, "half")
    tree.processes.kill(thread: .opener)
    try tree.close(file)
    try tree.release(file)
    #expect(try tree.read("incoming/f") == "first")
    #expect(try tree.blobCount() == 1)
  }

  @Test("I6: other processes that have the file open for writing get EIO")
  func otherWriter() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    let other = try tree.open("incoming/f", writing: true, by: .other)
    try tree.write(file, "half")
    tree.processes.kill(thread: .opener)
    try tree.close(file)
    #expect(throws: Errno.ioError) { try tree.write(other, "more", at: 4) }
    #expect(throws: Errno.ioError) { try tree.close(other, by: .other) }
    try tree.release(file)
    try tree.release(other)
    #expect(try tree.blobCount() == 0)
  }

  @Test("I6: a killed child of the opener discards nothing")
  func child() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    tree.duplicate(file, by: .child)
    try tree.write(file, "content")
    tree.processes.kill(thread: .child)
    try tree.close(file, by: .child)
    try tree.close(file)
    #expect(try tree.isStored("content"))
  }

  @Test("I6: the content of a child is kept when a signal kills it after the opener has ended")
  func childOfEndedOpener() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    tree.duplicate(file, by: .child)
    try tree.close(file)
    try tree.write(file, "content")
    tree.processes.kill(thread: .child)
    try tree.close(file, by: .child)
    try tree.release(file)
    #expect(try tree.isStored("content"))
  }

  @Test("I6: the content of a killed process that cannot be seen is kept")
  func unseen() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f", by: .unseen)
    try tree.write(file, "content")
    try tree.close(file, by: .unseen)
    #expect(try tree.isStored("content"))
  }

  @Test("I6, R2: a killed process makes no reference of the text that it wrote")
  func reference() throws {
    let tree = try TestTree()
    let descriptor = try tree.engine.descriptor(for: tree.put("a"))
    let file = try tree.create("refs/name")
    try tree.write(file, descriptor.description)
    tree.processes.kill(thread: .opener)
    try tree.close(file)
    try tree.release(file)
    #expect(try tree.names("refs") == [])
  }
}
