import CAS
import CASMemory
import CASPlatform
import Logging
import OCI
import Synchronization
import SystemPackage
import Testing

@testable import StoreTree

/// Nodes that the kernel knows from an earlier process.
@Suite struct EarlierNodeTests {
  /// A journal in memory.
  private final class Journal: NodeJournal {
    let generation: UInt16
    let began: Timestamp? = Timestamp(seconds: 1_000_000, nanoseconds: 7)
    let hasEarlier: Bool
    private let earlier: Monitor<[NodeID: NodePlace]>
    private let places = Monitor<[NodeID: NodePlace]>([:])

    /// - Parameter former: that of the process before.
    init(after former: Journal? = nil) {
      generation = (former?.generation ?? 0) + 1
      hasEarlier = former != nil
      earlier = Monitor(former.map { $0.all } ?? [:])
    }

    private var all: [NodeID: NodePlace] {
      earlier.withLock { $0 }.merging(places.withLock { $0 }) { $1 }
    }

    func didRemember(_ node: NodeID, at place: NodePlace) { places.withLock { $0[node] = place } }
    func didForget(_ node: NodeID) {
      earlier.withLock { $0[node] = nil }
      places.withLock { $0[node] = nil }
    }
    func place(ofEarlier node: NodeID) -> NodePlace? { earlier.withLock { $0[node] } }
    func forEachEarlier(in parent: NodeID, _ body: (String) -> Void) {}
    func didChange(member number: UInt64, to record: [UInt8]?) {}
    func takeMembers() -> [[UInt8]] { [] }
    var lastIndex: RecordedIndex? { nil }
    func didServe(_ index: RecordedIndex) {}
    func compact(keeping count: Int, where isKnown: (NodeID) -> Bool) {}
  }

  private let engine: any Engine
  private let path: [String]
  private let context = RequestContext(user: 0, group: 0, thread: 0)

  init() throws {
    engine = try MemoryDriver().create("mem:", options: CreateOptions())
    path = ["blobs", "sha256", try engine.putBlob(Array("content".utf8)).digest.hex]
  }

  private func tree(_ journal: Journal) -> Tree {
    Tree(
      engine, options: TreeOptions(user: 0, group: 0), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      journal: journal)
  }

  private func lookup(_ tree: Tree) throws -> NodeID {
    try path.reduce(NodeID.root) { try tree.lookup($1, in: $0, context).node }
  }

  @Test("S1: a FORGET that was queued before the server began takes no node of which there may be a later lookup")
  func queuedForget() throws {
    let journal = Journal()
    let first = tree(journal)
    let blob = try lookup(first)
    let next = tree(Journal(after: journal))
    // The kernel had dropped the blob, and looked it up again by the first server.
    next.forget(blob, times: 1)
    #expect(try next.attributes(of: blob, context).size == 7)
    #expect(try lookup(next) == blob)
    next.forget(blob, times: 3)
    #expect(try next.attributes(of: blob, context).size == 7)
    // A later one can still be older than the lookup by this server.
    next.didReadQueue()
    next.forget(blob, times: 3)
    #expect(try next.attributes(of: blob, context).size == 7)
    next.forget(blob, times: 1)
    #expect(throws: Errno.staleNFSFileHandle) { try next.attributes(of: blob, context) }
  }

  @Test("S1: a server takes the FORGET of a node that earlier ones alone have looked up, once it has read the queue")
  func earlierNode() throws {
    let journal = Journal()
    let blob = try lookup(tree(journal))
    for isUsed in [false, true] {
      let next = tree(Journal(after: journal))
      if isUsed { _ = try next.attributes(of: blob, context) }
      next.didReadQueue()
      next.forget(blob, times: 5)
      #expect(throws: Errno.staleNFSFileHandle) { try next.attributes(of: blob, context) }
    }
  }

  @Test("S1: the first server of a mount takes each FORGET, and so does a later one for what it has counted alone")
  func ownNodes() throws {
    let journal = Journal()
    let first = tree(journal)
    let blob = try lookup(first)
    first.forget(blob, times: 1)
    #expect(throws: Errno.staleNFSFileHandle) { try first.attributes(of: blob, context) }
    let next = tree(Journal(after: journal))
    #expect(try lookup(next) == blob)
    next.forget(blob, times: 1)
    #expect(throws: Errno.staleNFSFileHandle) { try next.attributes(of: blob, context) }
  }

  @Test("S1: directories of the mount have the time at which it began, whichever process serves it", arguments: [1, 2])
  func times(process: Int) throws {
    let journal = Journal()
    let tree = tree(process == 1 ? journal : Journal(after: journal))
    for node in [NodeID.root, try tree.lookup("blobs", in: .root, context).node] {
      #expect(try tree.attributes(of: node, context).modified == Timestamp(seconds: 1_000_000, nanoseconds: 7))
    }
  }
}
