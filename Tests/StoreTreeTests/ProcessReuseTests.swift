import CASPlatform
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// Processes that have the number of one that has ended.
@Suite struct ProcessReuseTests {
  private func tree(_ names: String) throws -> TestTree {
    let tree = try TestTree()
    for entry in names.split(separator: " ") { try tree.tag(String(entry)) }
    return tree
  }

  @Test("W3: the base of a write is not what an earlier process of the number wrote")
  func base() throws {
    let tree = try tree("a=1")
    let read = try tree.readIndex(by: .opener)
    try tree.writeIndex(read.adding("b=2"))
    tree.processes.reuse(.opener)
    try tree.writeIndex(read.adding("c=3"))
    #expect(try tree.tags() == "a=1 b=2 c=3")
  }

  @Test("W3: a process is served the current version, and not one that an earlier process of the number was served")
  func pin() throws {
    let tree = try tree("a=1")
    let read = try tree.readIndex(by: .opener)
    try tree.tag("b=2")
    #expect(try tree.readIndex(by: .opener).text == read.text)
    tree.processes.reuse(.opener)
    #expect(try tree.readIndex(by: .opener).text.contains("\"b\""))
  }

  @Test("W7: temporary content of an ended process is gone, and not listed to one that has its number")
  func scratch() throws {
    let tree = try TestTree()
    try tree.save("oci-put-blob1", "content")
    let open = try tree.create("oci-put-blob2")
    try tree.makeDirectory("ingest")
    tree.processes.reuse(.opener)
    #expect(try !tree.names("").contains("oci-put-blob2"))
    #expect(!tree.exists("ingest"))
    tree.tree.trimCaches()
    #expect(!tree.exists("oci-put-blob1"))
    try tree.release(open)
    #expect(!tree.tree.trimCaches(), "nothing waits for the end of a process")
    #expect(!tree.exists("oci-put-blob2"))
  }

  @Test("W10: an ended process keeps no content from being deleted, whatever process has its number")
  func grace() throws {
    let removals = DeferredRemovals(SimulatedProcesses(), grace: .seconds(600))
    let (first, other) = (ProcessIdentity(.opener), ProcessIdentity(.child))
    removals.noteUse(by: first)
    #expect(removals.hasOtherUser(than: other))
    #expect(removals.hasOtherUser(than: ProcessIdentity(.opener, serial: 1)))
    let processes = SimulatedProcesses()
    processes.reuse(.opener)
    let later = DeferredRemovals(processes, grace: .seconds(600))
    later.noteUse(by: first)
    #expect(!later.hasOtherUser(than: other))
  }

  @Test("W10: a process that has not read the index is not one that has, by its number")
  func reader() throws {
    let tree = try tree("a=1")
    _ = try tree.readIndex(by: .opener)
    tree.processes.reuse(.opener)
    #expect(throws: Errno.resourceBusy) { try tree.remove(tree.blobPath(digest("1"))) }
  }

  @Test("I2, I3: a close by a process that has the number of the opener publishes nothing")
  func close() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    tree.processes.reuse(.opener)
    try tree.close(file)
    #expect(try tree.blobCount() == 0)
    try tree.release(file)
    #expect(try tree.isStored("content"))
  }

  @Test("S3: the identities of processes are handed over")
  func handover() throws {
    let first = try tree("a=1")
    let read = try first.readIndex(by: .opener)
    first.processes.reuse(.child)
    try first.writeIndex(read.adding("b=2"), by: .child)
    let handover = try first.tree.handover()
    let next = TestTree(after: first, taking: handover)
    try next.writeIndex(read, by: .child)
    #expect(try next.tags() == "a=1")
  }
}
