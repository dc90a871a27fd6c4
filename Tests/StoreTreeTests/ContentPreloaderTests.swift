import CAS
import CASPlatform
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// Content that is put into the kernel's cache.
@Suite struct ContentPreloaderTests {
  /// A cache that keeps a list of the contents.
  private final class Cache: Sendable {
    private let stored = Monitor<[(node: NodeID, text: String)]>([])

    /// The contents, the oldest first.
    var texts: [String] { stored.withLock { $0.map(\.text) } }
    var nodes: [NodeID] { stored.withLock { $0.map(\.node) } }

    func store(_ node: NodeID, _ bytes: [UInt8]) {
      stored.withLock { $0.append((node, String(decoding: bytes, as: UTF8.self))) }
    }
  }

  private let cache = Cache()

  private func tree(verifying verification: Verification = .once) throws -> TestTree {
    let tree = try TestTree(.directory, open: OpenOptions(verification: verification)) {
      $0.cachesBlobs = verification != .always
    }
    tree.tree.preload { [cache] in cache.store($0, $1) }
    return tree
  }

  @Test(
    "B5: the first open of a short blob puts its content into the kernel's cache, and no other does",
    arguments: [Verification.once, .never])
  func first(verification: Verification) throws {
    let tree = try tree(verifying: verification)
    let path = try tree.blobPath(tree.put("content"))
    for _ in 0..<2 { try tree.release(tree.open(path)) }
    #expect(cache.texts == ["content"])
    #expect(try cache.nodes == [tree.node(path)])
    #expect(tree.tree.status.counters.first { $0.name == "bytes_read" }?.value == 7)
  }

  @Test("B5: a blob beyond 64 KiB, and an empty one, is not put into the cache", arguments: [0, 65_537])
  func otherSize(size: Int) throws {
    let tree = try tree()
    try tree.release(tree.open(tree.blobPath(tree.put(String(repeating: "x", count: size)))))
    #expect(cache.texts == [])
  }

  @Test("B5: nothing is cached where each open verifies the content, or of a mount that had another server")
  func notCached() throws {
    let verifying = try tree(verifying: .always)
    try verifying.release(verifying.open(verifying.blobPath(verifying.put("content"))))
    let other = try TestTree(.directory)
    try other.release(other.open(other.blobPath(other.put("content"))))
    #expect(cache.texts == [])
  }

  @Test("B5: content is not put into the cache while another open of the node can be read")
  func contested() {
    let preloader = ContentPreloader()
    preloader.start { [cache] in cache.store($0, $1) }
    func open(_ number: UInt64, _ body: () -> Void = {}) {
      preloader.open(NodeID(number), body, content: { Array("\(number)".utf8) })
    }
    open(1) { open(1) }
    open(1)
    open(2) { open(3) }
    #expect(cache.texts == ["3", "2"])
  }

  @Test("B5: an open that fails puts nothing into the cache, and leaves nothing that waits")
  func failed() {
    let preloader = ContentPreloader()
    preloader.start { [cache] in cache.store($0, $1) }
    #expect(throws: Errno.ioError) {
      try preloader.open(NodeID(1), { () throws(Errno) in throw .ioError }, content: { _ in [1] })
    }
    preloader.open(NodeID(1), {}, content: { [2] })
    #expect(cache.texts == [])
  }
}
