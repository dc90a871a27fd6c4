import CAS
import CASDirectory
import CASPlatform
import Foundation
import OCI
import StoreTree
import SystemPackage
import TestSupport
import Testing

@testable import CASImage

/// The files of a layer that is not compressed, in a mount of a store in a directory.
@Suite struct PlainContentTests {
  /// Content in three pieces of the index.
  private static let content: [UInt8] = {
    var generator = SeededGenerator(15)
    return (0..<2_600_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }()
  private static let tar = ImageBuilder.tar([("a", [1, 2, 3]), ("big", Self.content), ("z", [4, 5])])
  private static let context = RequestContext(user: 0, group: 0, thread: 0)

  /// A store with an image, whose index is in a cache.
  private struct Stored {
    let folder: TemporaryFolder
    let descriptor: Descriptor
    let blob: String

    init() throws {
      folder = try TemporaryFolder()
      let builder = ImageBuilder(engine: try DirectoryDriver().create(folder("store"), options: CreateOptions()))
      descriptor = try builder.image([(PlainContentTests.tar, PlainContentTests.tar)])
      try builder.engine.putReference(
        descriptor, named: ReferenceName("image"), replacing: false, cancellation: .none)
      _ = try Image(descriptor, in: builder.engine, cache: LayerCache(path: folder("cache")))
      blob = "store/blobs/sha256/\(try Digest.of(PlainContentTests.tar).hex)"
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder(blob))
    }

    /// Serves the store, of which this program has verified nothing.
    func serve(_ verification: Verification = .once) throws -> ServedTree {
      let engine = try DirectoryDriver().open(
        folder("store"), options: OpenOptions(verification: verification, isReadOnly: true))
      return ServedTree(engine, cache: LayerCache(path: folder("cache")), cachesBlobs: verification != .always)
    }

    /// Flips a bit of the blob, in its place.
    func flip(at place: Int) throws {
      let file = try OpenFile.open(path: folder(blob), .readWrite)
      var byte: [UInt8] = [0]
      var span = byte.mutableSpan
      _ = try file.read(into: &span, at: Int64(place))
      byte[0] ^= 1
      try file.write(byte.span, at: Int64(place))
    }
  }

  /// Whether a read of a file is answered with a region of the stored file.
  private static func isDirect(_ served: ServedTree, _ path: String, at offset: Int64 = 0) throws -> Bool {
    let file = try served.tree.open(served.lookup(path).node, OpenRequest(isWriting: false), context)
    defer { _ = try? served.tree.release(file.handle, context) }
    if case .file = try served.tree.read(file.handle, at: offset, count: 4096, context) { return true }
    return false
  }

  @Test("F5: a file of a plain layer is read from the file of its blob, with the bytes of the archive")
  func direct() throws {
    let stored = try Stored()
    let served = try stored.serve()
    let root = "images/image/rootfs"
    #expect(try Self.isDirect(served, "\(root)/big"))
    #expect(try served.contents(served.lookup("\(root)/big").node) == Self.content)
    #expect(try served.contents(served.lookup("\(root)/a").node) == [1, 2, 3])
    #expect(try served.contents(served.lookup("images/image/diffs/00/z").node) == [4, 5])
  }

  @Test("F5: each MiB of a plain layer is compared before its first byte is read, and the others are read")
  func flipped() throws {
    let stored = try Stored()
    try stored.flip(at: 1_500_000)
    let served = try stored.serve()
    #expect(try served.contents(served.lookup("images/image/rootfs/a").node) == [1, 2, 3])
    #expect(try Self.isDirect(served, "images/image/rootfs/big", at: 900_000))
    #expect(throws: Errno.ioError) { try Self.isDirect(served, "images/image/rootfs/big", at: 1_400_000) }
    #expect(throws: Errno.ioError) { try served.contents(served.lookup("images/image/rootfs/big").node) }
    #expect(try Self.isDirect(served, "images/image/rootfs/z"))
  }

  @Test("F5, V1: a plain layer that is changed after it was compared is compared again, also after the pass over it")
  func changed() throws {
    for isPassed in [false, true] {
      let stored = try Stored()
      if isPassed { try FileManager.default.removeItem(atPath: stored.folder("cache")) }
      let served = try stored.serve()
      let path = "images/image/rootfs/big"
      #expect(try served.contents(served.lookup(path).node) == Self.content)
      try stored.flip(at: 1_500_000)
      #expect(throws: Errno.ioError) { try Self.isDirect(served, path, at: 1_400_000) }
      #expect(try Self.isDirect(served, path, at: 0))
    }
  }

  @Test("F5, B4: a plain layer that is deleted while it is read is read on, and compared in its new state")
  func deleted() throws {
    let stored = try Stored()
    let served = try stored.serve()
    let path = "images/image/rootfs/big"
    #expect(try Self.isDirect(served, path))
    let node = try served.lookup(path).node
    try FileManager.default.removeItem(atPath: stored.folder(stored.blob))
    #expect(try served.contents(node) == Self.content)
  }

  @Test("F5, V4: with verify=always each read of a plain layer is compared, and with verify=none no read is")
  func verification() throws {
    let stored = try Stored()
    let always = try stored.serve(.always)
    #expect(try !Self.isDirect(always, "images/image/rootfs/big"))
    #expect(try always.contents(always.lookup("images/image/rootfs/big").node) == Self.content)
    try stored.flip(at: 1_500_000)
    let none = try stored.serve(.never)
    #expect(try none.contents(none.lookup("images/image/rootfs/big").node) != Self.content)
  }

  @Test("F5: a digest of a piece that lies is found by the first read of a plain layer, and the index is made anew")
  func lyingIndex() throws {
    let stored = try Stored()
    let cache = try #require(LayerCache(path: stored.folder("cache")))
    let blob = try Digest.of(Self.tar)
    let good = try #require(cache.index(of: blob))
    var lie = good
    lie.pieces[0] ^= 1
    cache.store(lie)
    let served = try stored.serve()
    #expect(try served.contents(served.lookup("images/image/rootfs/a").node) == [1, 2, 3])
    #expect(cache.index(of: blob)?.pieces == good.pieces)
    #expect(try Self.isDirect(served, "images/image/rootfs/a"))
  }

  @Test("F5: readers of a plain layer at all places concurrently get the bytes of the archive")
  func concurrent() throws {
    let stored = try Stored()
    let served = try stored.serve()
    let node = try served.lookup("images/image/rootfs/big").node
    let failures = Monitor(0)
    DispatchQueue.concurrentPerform(iterations: 8) { (_) in
      let isRight = (try? served.contents(node)) == Self.content
      if !isRight { failures.withLock { $0 += 1 } }
    }
    #expect(failures.withLock { $0 } == 0)
  }
}
