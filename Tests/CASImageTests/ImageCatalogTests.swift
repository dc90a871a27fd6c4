import CAS
import CASCompression
import CASImage
import CASPlatform
import OCI
import StoreTree
import SystemPackage
import TestSupport
import Testing

/// The first use of an image, and its use by many callers.
@Suite(.boundedInTime) struct ImageCatalogTests {
  private let builder: ImageBuilder
  private let engine: GatedEngine
  private let image: Descriptor
  private let layer: Digest
  /// Content in three pieces.
  private let content: [UInt8]

  init() throws {
    builder = try ImageBuilder()
    var generator = SeededGenerator(5)
    content = (0..<2_400_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let tar = ImageBuilder.tar([("small", [1, 2, 3]), ("big", content)])
    let packed = try ZstdBuffer.compress(tar.span)
    image = try builder.image([(packed, tar)])
    layer = try Digest.of(packed)
    try builder.engine.putReference(image, named: ReferenceName("a"))
    engine = GatedEngine(builder.engine)
  }

  @Test("F8: callers of one image share the first use, and an interrupted one gets EINTR while the others wait")
  func shared() throws {
    let served = ServedTree(engine)
    let root = try served.lookup("images/a/rootfs").node
    engine.hold(layer)
    let interrupted = CancellationToken()
    let results = Monitor<[Errno?]>([])
    for number in 0..<8 {
      try Thread.start("test") {
        let context = RequestContext(
          user: 0, group: 0, thread: 0, cancellation: number == 0 ? interrupted : CancellationToken.none)
        let result: Errno?
        do throws(Errno) {
          _ = try served.tree.lookup("small", in: root, context)
          result = nil
        } catch {
          result = error
        }
        results.withLock { $0.append(result) }
      }
    }
    #expect(engine.waitForRead())
    // Other requests go on.
    #expect(try served.names("images/a/layers") == ["00"])
    #expect(served.tree.status.images.map(\.manifest) == [image.digest])
    interrupted.cancel()
    #expect(results.wait(for: .seconds(60)) { $0 == [.interrupted] })
    engine.release(layer)
    #expect(results.wait(for: .seconds(60)) { $0.count == 8 })
    #expect(results.withLock { $0.filter { $0 == nil }.count } == 7)
    #expect(engine.passes(of: layer) == 1)
    #expect(served.tree.status.images.isEmpty)
  }

  @Test("F8: opening continues for a while without a caller, so that the next one finds it done")
  func continued() throws {
    let catalog = ImageCatalog(engine, cache: nil, grace: .seconds(600))
    engine.hold(layer)
    try interruptedOpen(of: catalog)
    engine.release(layer)
    #expect(eventually { catalog.progress.isEmpty })
    #expect(catalog.opened(ImageCatalog.Key(manifest: image.digest)) != nil)
    #expect(engine.passes(of: layer) == 1)
  }

  @Test("F8: opening ends when no caller waits any more")
  func abandoned() throws {
    let catalog = ImageCatalog(engine, cache: nil, grace: .zero)
    engine.hold(layer)
    try interruptedOpen(of: catalog)
    engine.release(layer)
    #expect(eventually { catalog.progress.isEmpty })
    #expect(catalog.opened(ImageCatalog.Key(manifest: image.digest)) == nil)
    #expect(catalog.failure(ImageCatalog.Key(manifest: image.digest)) == nil)
    _ = try catalog.image(image, cancellation: .none)
    #expect(engine.passes(of: layer) == 2)
  }

  /// Opens the image by a caller that is interrupted while its layer is held back.
  private func interruptedOpen(of catalog: ImageCatalog) throws {
    let token = CancellationToken()
    let code = Monitor<CASError.Code?>(nil)
    try Thread.start("test") { [image] in
      let error = failure { () throws(CASError) in try catalog.image(image, cancellation: token) }
      code.withLock { $0 = error?.code }
    }
    #expect(engine.waitForRead())
    token.cancel()
    #expect(code.wait(for: .seconds(60)) { $0 == .cancelled })
  }

  @Test("F8: an image that is open is one for all callers, and closed when nothing uses it")
  func trimmed() throws {
    let catalog = ImageCatalog(engine, cache: nil)
    let key = ImageCatalog.Key(manifest: image.digest)
    func use() throws {
      let first = try catalog.image(image, cancellation: .none)
      for _ in 0..<3 { catalog.trim() }
      let second = try catalog.image(image, cancellation: .none)
      #expect(first === second)
    }
    try use()
    #expect(engine.passes(of: layer) == 1)
    // The thread that opened it may not have ended yet.
    #expect(
      eventually {
        catalog.trim()
        return catalog.opened(key) == nil
      })
    #expect(try catalog.image(image, cancellation: .none).contents("small") == [1, 2, 3])
    catalog.close()
    #expect(failure { () throws(CASError) in try catalog.image(image, cancellation: .none) }?.code == .closed)
  }

  @Test("F8: the least recently used images are closed when all need too much memory, and those in use are kept")
  func bounded() throws {
    let manifests = try (0..<3).map { (number) in
      let tar = ImageBuilder.tar((0..<20).map { ("file \(number) \($0)", []) })
      return try builder.image([(tar, tar)])
    }
    let keys = manifests.map { ImageCatalog.Key(manifest: $0.digest) }
    let size = try Image(manifests[0], in: builder.engine).memorySize
    let catalog = ImageCatalog(builder.engine, cache: nil, sizeLimit: size + size / 2)
    func isOpen(_ number: Int) -> Bool { catalog.opened(keys[number]) != nil }
    for manifest in manifests.prefix(2) { _ = try catalog.image(manifest, cancellation: .none) }
    #expect(catalog.opened(keys[0]) != nil)
    // The first was used last. A thread that opened an image may still have it.
    #expect(
      eventually {
        _ = try? catalog.image(manifests[2], cancellation: .none)
        return catalog.openCount == 2
      })
    #expect(isOpen(2))
    let held = try manifests.prefix(2).map { try catalog.image($0, cancellation: .none) }
    #expect(
      eventually {
        catalog.trim()
        return catalog.openCount == 2
      })
    let error = failure { () throws(CASError) in try catalog.image(manifests[2], cancellation: .none) }
    #expect(error?.code == .io(.noMemory))
    #expect(error?.cause == "open images of the mount need over \(size + size / 2) bytes of memory")
    #expect(catalog.failure(keys[2]) != nil)
    #expect(held.count == 2)
  }

  @Test("F5: a layer that is damaged after its first use is EIO where it is damaged, and never other bytes")
  func damagedLater() throws {
    let served = ServedTree(engine)
    #expect(try served.contents(served.lookup("images/a/rootfs/small").node) == [1, 2, 3])
    let big = try served.lookup("images/a/rootfs/big").node
    // Behind the piece that was decoded.
    engine.damage(layer, at: 2_000_000)
    #expect(served.errno { try served.contents(big) } == .ioError)
    // The answer stands for a while, without another pass over the layer.
    let passes = engine.passes(of: layer)
    #expect(served.errno { try served.contents(big) } == .ioError)
    #expect(engine.passes(of: layer) == passes)
  }

  @Test("F2: fifty readers of one file get its content, and each piece is decoded once")
  func readers() throws {
    let catalog = ImageCatalog(engine, cache: nil)
    let image = try catalog.image(image, cancellation: .none)
    let before = image.decodedPieceCount
    let file = try #require(image.file(at: Array("big".utf8)))
    let wrong = AtomicCounter()
    try onThreads(50) { [content] (number) in
      var bytes: [UInt8] = []
      do {
        try image.forEachChunk(of: file) { (chunk) in for index in chunk.indices { bytes.append(chunk[index]) } }
      } catch {}
      if bytes != content { wrong.add() }
    }
    #expect(wrong.count == 0)
    #expect(image.decodedPieceCount - before == 3)
  }
}
