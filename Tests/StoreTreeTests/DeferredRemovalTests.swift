import CAS
import CASPlatform
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// Blobs that a process removes after it read the index.
@Suite struct DeferredRemovalTests {
  private func tree(grace: Duration = .seconds(600)) throws -> TestTree {
    try TestTree { $0.removalGrace = grace }
  }

  @Test("W10: a blob that another process may refer to is gone for the process that removed it alone")
  func hidden() throws {
    let tree = try tree()
    let path = try tree.blobPath(tree.put("1"))
    _ = try tree.readIndex(by: .child)
    _ = try tree.readIndex(by: .opener)
    try tree.remove(path)
    #expect(!tree.exists(path))
    #expect(try tree.names("blobs/sha256").isEmpty)
    #expect(throws: Errno.noSuchFileOrDirectory) { try tree.remove(path) }
    _ = try tree.lookup(path, tree.context(.child))
    #expect(try tree.names("blobs/sha256", tree.context(.child)).count == 1)
    #expect(tree.tree.trimCaches(), "the removal waits for a time, and for the end of a process")
    #expect(try tree.isStored("1"))
  }

  @Test("W10: a process that puts content again that it removed finds it", arguments: [true, false])
  func putAgain(_ isRenamed: Bool) throws {
    let tree = try tree()
    let path = try tree.blobPath(tree.put("1"))
    _ = try tree.readIndex(by: .child)
    _ = try tree.readIndex(by: .opener)
    try tree.remove(path)
    #expect(!tree.exists(path))
    let name = isRenamed ? "oci-put-blob1" : path
    try tree.save(name, "1")
    if isRenamed { try tree.rename(name, to: path, replacing: false) }
    #expect(try tree.read(path) == "1")
    #expect(try tree.names("blobs/sha256").count == 1)
    tree.processes.end(.opener)
    tree.processes.end(.child)
    tree.tree.trimCaches()
    #expect(tree.exists(path))
  }

  @Test("W10: content that another process puts again is there for all, and no index deletes it", arguments: [0, 600])
  func putByOther(grace: Int64) throws {
    let tree = try tree(grace: .seconds(grace))
    try tree.tag("t=1")
    let path = try tree.blobPath(tree.put("1"))
    _ = try tree.readIndex(by: .child)
    let index = try tree.readIndex(by: .opener)
    try tree.remove(path)
    #expect(!tree.exists(path))
    let file = try tree.create("oci-put-blob1", by: .child)
    try tree.write(file, "1")
    try tree.close(file, by: .child)
    try tree.release(file)
    try tree.tree.rename(
      "oci-put-blob1", in: .root, to: digest("1").hex, in: tree.node("blobs/sha256"), replacing: true,
      tree.context(.child))
    #expect(tree.exists(path))
    try tree.writeIndex(index.removing("t=1"))
    tree.processes.end(.opener)
    tree.processes.end(.child)
    tree.tree.trimCaches()
    #expect(try tree.isStored("1"))
  }

  @Test("W10: a blob that is put while its removal is decided stays", arguments: TestStoreKind.allCases)
  func putMeanwhile(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let digest = try tree.put("1")
    let results = try tree.engine.deleteBlobsUnlessReachable([digest], ifUnchangedSince: .now.earlier(bySeconds: 60))
    guard case .reachable? = results.first else { throw TestFailure("deleted") }
    #expect(try tree.isStored("1"))
    let future = Timestamp.now.earlier(bySeconds: -60)
    _ = try tree.engine.deleteBlobsUnlessReachable([digest], ifUnchangedSince: future)
    #expect(try !tree.isStored("1"))
  }

  @Test("W10: a blob that was put within the grace stays until it is over")
  func recent() throws {
    let tree = try tree()
    let path = try tree.blobPath(tree.put("1"))
    _ = try tree.readIndex(by: .opener)
    try tree.remove(path)
    tree.processes.end(.opener)
    tree.tree.trimCaches()
    #expect(try tree.isStored("1"))
  }

  @Test("W10: the content goes immediately if no other process can refer to it")
  func immediate() throws {
    let tree = try tree(grace: .zero)
    let path = try tree.blobPath(tree.put("1"))
    _ = try tree.readIndex(by: .child)
    _ = try tree.readIndex(by: .opener)
    try tree.remove(path)
    #expect(try !tree.isStored("1"))
  }

  @Test(
    "W10: the removal of a reachable blob is decided by the index that the process writes next",
    arguments: [true, false])
  func decidedByIndex(_ removesName: Bool) throws {
    let tree = try tree(grace: .zero)
    try tree.tag("t=1")
    let path = try tree.blobPath(digest("1"))
    let index = try tree.readIndex(by: .opener)
    try tree.remove(path)
    #expect(!tree.exists(path))
    #expect(try tree.isStored("1"))
    try tree.writeIndex(removesName ? index.removing("t=1") : index.adding("u=1"))
    #expect(try tree.isStored("1") == !removesName)
    #expect(tree.exists(path) == !removesName)
  }

  @Test("W11: an image that another process refers to meanwhile keeps its blobs")
  func referredMeanwhile() throws {
    let tree = try tree(grace: .zero)
    try tree.tag("t=1")
    let index = try tree.readIndex(by: .opener)
    let other = try tree.readIndex(by: .child)
    try tree.remove(tree.blobPath(digest("1")))
    try tree.writeIndex(other.adding("copy=1"), by: .child)
    try tree.writeIndex(index.removing("t=1"))
    #expect(try tree.tags() == "copy=1")
    #expect(try tree.isStored("1"))
  }

  /// The removal of a blob, whose time a test says.
  private final class TimedRemoval: Sendable {
    static let grace = Duration.seconds(600)
    let processes = SimulatedProcesses()
    let digest: Digest
    let removals: DeferredRemovals
    private let time = Monitor(ContinuousClock.now)

    /// Lets two processes read the index, and one of them remove a blob and end.
    init() throws {
      digest = try StoreTreeTests.digest("1")
      removals = DeferredRemovals(processes, grace: Self.grace) { [time] in time.withLock { $0 } }
      removals.noteUse(by: .opener, readsIndex: true)
      removals.noteUse(by: .child, readsIndex: true)
      removals.add(digest, by: .opener)
    }

    func pass(_ duration: Duration) { time.withLock { $0 += duration } }
  }

  @Test(
    "W10: a removal waits as long as another process is active, and no longer",
    arguments: ["index", "lookup"], [true, false])
  func activeProcess(_ activity: String, hasEnded: Bool) throws {
    let test = try TimedRemoval()
    if hasEnded { test.processes.end(.opener) }
    for _ in 0..<10 {
      test.pass(TimedRemoval.grace * 0.4)
      if activity == "index" {
        test.removals.noteUse(by: .child)
      } else {
        #expect(!test.removals.noteLookup(of: test.digest, thread: .child))
      }
      #expect(test.removals.due() == [])
    }
    test.pass(TimedRemoval.grace * 1.1)
    #expect(test.removals.due() == [test.digest])
  }

  @Test("W10: a removal ends with the process that it waits for")
  func activeProcessEnds() throws {
    let test = try TimedRemoval()
    test.processes.end(.opener)
    #expect(test.removals.due() == [])
    test.processes.end(.child)
    #expect(test.removals.due() == [test.digest])
  }

  @Test("W10: lookups by the process that removed a blob keep it from no removal")
  func ownLookup() throws {
    let test = try TimedRemoval()
    test.processes.end(.child)
    test.pass(TimedRemoval.grace * 1.1)
    #expect(test.removals.noteLookup(of: test.digest, thread: .opener))
    #expect(test.removals.due() == [test.digest])
  }

  @Test("W10: a lookup of a blob whose removal waits is a use by that process")
  func lookedUp() throws {
    let tree = try tree()
    let path = try tree.blobPath(tree.put("1"))
    _ = try tree.readIndex(by: .child)
    _ = try tree.readIndex(by: .opener)
    try tree.remove(path)
    tree.processes.end(.child)
    #expect(!tree.tree.shared.removals.hasOtherUser(than: .opener))
    _ = try tree.lookup(path, tree.context(.other))
    #expect(tree.tree.shared.removals.hasOtherUser(than: .opener))
  }

  @Test("W10: a close of content in incoming is a use by its process")
  func putInIncoming() throws {
    let tree = try tree()
    try tree.save("incoming/f", "1")
    #expect(tree.tree.shared.removals.hasOtherUser(than: .child))
    #expect(!tree.tree.shared.removals.hasOtherUser(than: .opener))
  }

  @Test("W10: a process that ends without writing the index removed nothing that is reachable")
  func ended() throws {
    let tree = try tree(grace: .zero)
    try tree.tag("t=1")
    let path = try tree.blobPath(digest("1"))
    _ = try tree.readIndex(by: .opener)
    try tree.remove(path)
    tree.processes.end(.opener)
    #expect(!tree.tree.trimCaches(), "every removal is decided")
    #expect(try tree.isStored("1"))
    #expect(tree.exists(path))
  }

  @Test("W11: a process that never read the index gets B3: EBUSY for what is reachable")
  func neverRead() throws {
    let tree = try tree()
    try tree.tag("t=1")
    _ = try tree.put("2")
    #expect(throws: Errno.resourceBusy) { try tree.remove(tree.blobPath(digest("1"))) }
    try tree.remove(tree.blobPath(digest("2")))
    #expect(try !tree.isStored("2"))
  }
}
