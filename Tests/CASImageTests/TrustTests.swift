import CAS
import CASCompression
import CASDirectory
import CASPlatform
import Foundation
import OCI
import TestSupport
import Testing

@testable import CASImage

@Suite struct TrustTests {
  /// Content that does not compress, in three pieces of the index.
  private static let content: [UInt8] = {
    var generator = SeededGenerator(7)
    return (0..<2_400_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }()

  private static func layer() throws -> (blob: [UInt8], content: [UInt8]) {
    let tar = ImageBuilder.tar([("a", [1, 2, 3]), ("big", Self.content)])
    return (try ZstdBuffer.compress(tar.span), tar)
  }

  @Test("F5: a layer whose blob or decoded content has another digest is an error with both digests")
  func digests() throws {
    let builder = try ImageBuilder()
    let layer = try Self.layer()
    let other = try builder.image([(layer.blob, [9])])
    let error = try #require(failure { () throws(CASError) in try Image(other, in: builder.engine) })
    #expect(error.code == .corrupt)
    #expect(error.corruption?.actual == (try Digest.of(layer.content)))
    #expect(error.corruption?.expected == (try Digest.of([9])))
  }

  @Test("F5: a flipped bit of a blob is found, even in a store that trusts its blobs")
  func flippedBlob() throws {
    let folder = try TemporaryFolder()
    let engine = try DirectoryDriver().create(
      folder("store"), options: CreateOptions(open: OpenOptions(verification: .never)))
    let builder = ImageBuilder(engine: engine)
    // A plain archive, whose data no decoder checks.
    let tar = ImageBuilder.tar([("a", [UInt8](repeating: 7, count: 2000))])
    let descriptor = try builder.image([(tar, tar)])
    #expect(try Image(descriptor, in: engine).contents("a").count == 2000)
    let blob = try Digest.of(tar)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o644], ofItemAtPath: folder("store/blobs/sha256/\(blob.hex)"))
    var flipped = tar
    flipped[1000] ^= 1
    try folder.write(flipped, to: "store/blobs/sha256/\(blob.hex)")
    let error = try #require(failure { () throws(CASError) in try Image(descriptor, in: engine) })
    #expect(error.code == .corrupt)
    #expect(error.corruption?.expected == blob)
  }

  @Test("F6: a second opening reads the index from the cache, and decodes nothing but what it reads")
  func cached() throws {
    let folder = try TemporaryFolder()
    let builder = try ImageBuilder()
    let descriptor = try builder.image([try Self.layer()])
    _ = try Image(descriptor, in: builder.engine, cache: LayerCache(path: folder("cache")))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder("cache"))
    #expect(names.count == 1)
    let name = try #require(names.first)
    let mode = try FileManager.default.attributesOfItem(atPath: folder("cache/\(name)"))[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let image = try Image(descriptor, in: builder.engine, cache: LayerCache(path: folder("cache")))
    #expect(image.decodedPieceCount == 0)
    #expect(try image.contents("a") == [1, 2, 3])
    #expect(image.decodedPieceCount == 1)
    #expect(try image.contents("big") == Self.content)
  }

  @Test("F5, F6: a later use hashes the parts of a layer that it reads, and finds damage there")
  func laterUse() throws {
    let folder = try TemporaryFolder()
    let builder = ImageBuilder(engine: try DirectoryDriver().create(folder("store"), options: CreateOptions()))
    let tar = ImageBuilder.tar([("a", [1, 2, 3]), ("big", Self.content)])
    let descriptor = try builder.image([(tar, tar)])
    _ = try Image(descriptor, in: builder.engine, cache: LayerCache(path: folder("cache")))
    let blob = "store/blobs/sha256/\(try Digest.of(tar).hex)"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder(blob))
    var flipped = tar
    flipped[2_000_000] ^= 1
    try folder.write(flipped, to: blob)
    let engine = try DirectoryDriver().open(folder("store"), options: OpenOptions())
    let image = try Image(descriptor, in: engine, cache: LayerCache(path: folder("cache")))
    #expect(try image.contents("a") == [1, 2, 3])
    let big = try #require(image.file(at: Array("big".utf8)))
    let error = failure { () throws(CASError) in try image.forEachChunk(of: big) { _ in } }
    #expect(error?.code == .corrupt)
    #expect(error?.corruption?.expected == (try Digest.of(tar)))
  }

  @Test("F5, F6: each flipped byte of an index file is found, and the index is made anew", arguments: [0, 1, 2, 3, 4])
  func flippedIndex(_ part: Int) throws {
    let folder = try TemporaryFolder()
    let builder = try ImageBuilder()
    let descriptor = try builder.image([try Self.layer()])
    _ = try Image(descriptor, in: builder.engine, cache: LayerCache(path: folder("cache")))
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder("cache")).first)
    let good = try Data(contentsOf: folder["cache/\(name)"])
    var bad = good
    bad[(good.count - 1) * part / 4] ^= 0x10
    try bad.write(to: folder["cache/\(name)"])
    let image = try Image(descriptor, in: builder.engine, cache: LayerCache(path: folder("cache")))
    #expect(try image.contents("a") == [1, 2, 3])
    #expect(try Data(contentsOf: folder["cache/\(name)"]) == good)
  }

  @Test("F5: an index whose checkpoints or digests lie is found by the first read, and made anew")
  func lyingIndex() throws {
    let folder = try TemporaryFolder()
    let builder = try ImageBuilder()
    let layer = try Self.layer()
    let descriptor = try builder.image([layer])
    let cache = try #require(LayerCache(path: folder("cache")))
    _ = try Image(descriptor, in: builder.engine, cache: cache)
    let blob = try Digest.of(layer.blob)
    let good = try #require(cache.index(of: blob))
    var lie = good
    lie.pieces[0] ^= 1
    cache.store(lie)
    #expect(try Image(descriptor, in: builder.engine, cache: cache).contents("a") == [1, 2, 3])
    #expect(cache.index(of: blob)?.pieces == good.pieces)
    lie = good
    lie.checkpoints = [Checkpoint(output: 1 << 20, input: 17, unusedBits: 0, window: [], windowSize: 0)]
    cache.store(lie)
    let image = try Image(descriptor, in: builder.engine, cache: cache)
    let big = try #require(image.file(at: Array("big".utf8)))
    var byte: [UInt8] = [0]
    var span = byte.mutableSpan
    #expect(try image.read(big, into: &span, at: 2_000_000) == 1)
    #expect(byte[0] == Self.content[2_000_000])
    #expect(cache.index(of: blob)?.checkpoints == good.checkpoints)
  }

  @Test(
    "F6: an index whose entries no layer has is made anew, once, and the image shown",
    arguments: ["unpacked", "malformed", "last", "unlinked", "beyond", "content"])
  func malformedEntries(_ kind: String) throws {
    let folder = try TemporaryFolder()
    let builder = try ImageBuilder()
    let engine = GatedEngine(builder.engine)
    let lower = ImageBuilder.tar([("a", [9]), ("lower", [4])])
    let layer = try Self.layer()
    let blob = try Digest.of(layer.blob)
    let image = try builder.image([(lower, lower), layer])
    let cache = try #require(LayerCache(path: folder("cache")))
    _ = try Image(image, in: engine, cache: cache)
    let name = "cache/sha256-\(blob.hex)"
    let good = try Data(contentsOf: folder[name])
    let index = try #require(cache.index(of: blob))
    var entries = try index.entries()
    var lie = index
    func entry(_ kind: FileKind?, _ path: String, link: String = "", size: Int64 = 0, offset: Int64 = 0) -> LayerEntry {
      LayerEntry(
        kind: kind, path: Array(path.utf8), link: Array(link.utf8), mode: 0o644, user: 0, group: 0,
        modified: Timestamp(seconds: 0, nanoseconds: 0), size: size, offset: offset)
    }
    switch kind {
    case "unpacked": break
    case "malformed": entries = [UInt8](repeating: 0xFF, count: 40)
    case "last": entries.append(0)
    case "unlinked":
      var table = EntryTable()
      try table.append(entry(nil, "new", link: "absent"))
      entries = table.bytes
    case "beyond":
      var table = EntryTable()
      try table.append(entry(.file, "a", size: 3, offset: index.size - 2))
      entries = table.bytes
    default: lie.content = try Digest.of([])
    }
    let packed = kind == "unpacked" ? [1, 2, 3] : try ZstdBuffer.compress(entries.span)
    cache.store(try Self.index(lie, packed, size: entries.count))
    #expect(try Data(contentsOf: folder[name]) != good)
    let before = engine.passes(of: blob)
    let shown = try Image(image, in: engine, cache: cache)
    #expect(engine.passes(of: blob) == before + 1)
    #expect(try Data(contentsOf: folder[name]) == good)
    #expect(shown.fileCount == 4)
    #expect(try shown.contents("a") == [1, 2, 3])
    #expect(try shown.contents("lower") == [4])
    #expect(try shown.contents("big") == Self.content)
  }

  @Test("F6: a layer that cannot be shown is read again once for each use of its index, and is the error of the image")
  func unshown() throws {
    let folder = try TemporaryFolder()
    let builder = try ImageBuilder()
    let engine = GatedEngine(builder.engine)
    let tar =
      ImageBuilder.header(Array("new".utf8), size: 0, type: "1", link: "absent") + [UInt8](repeating: 0, count: 1024)
    let blob = try Digest.of(tar)
    let image = try builder.image([(tar, tar)])
    let cache = try #require(LayerCache(path: folder("cache")))
    for _ in 0..<2 {
      let before = engine.passes(of: blob)
      let error = failure { () throws(CASError) in try Image(image, in: engine, cache: cache) }
      #expect(error?.code == .invalid)
      #expect(error?.cause.contains("hard link to what is not there") == true)
      #expect(engine.passes(of: blob) == before + 1)
    }
  }

  /// An index with other entries, which need not be any.
  private static func index(_ index: LayerIndex, _ packed: [UInt8], size: Int) throws -> LayerIndex {
    var writer = ByteWriter()
    writer.add(index.blob.description.utf8)
    writer.add(index.content.description.utf8)
    writer.add(UInt64(index.compression.rawValue))
    writer.add(index.size)
    writer.add(UInt64(index.entryCount))
    writer.add(UInt64(size))
    writer.add(packed)
    writer.add(index.pieces)
    writer.add(UInt64(0))
    return try LayerIndex(parsing: LayerIndex.signed(writer.bytes))
  }

  @Test(
    "F6: an index with checkpoints outside of the layer is dropped", arguments: [-1, Int64.min, Int64.max])
  func placesBeyond(_ output: Int64) throws {
    let folder = try TemporaryFolder()
    let builder = try ImageBuilder()
    let layer = try Self.layer()
    let cache = try #require(LayerCache(path: folder("cache")))
    _ = try Image(try builder.image([layer]), in: builder.engine, cache: cache)
    var lie = try #require(cache.index(of: try Digest.of(layer.blob)))
    lie.checkpoints = [Checkpoint(output: output, input: 0, unusedBits: 0, window: [], windowSize: 0)]
    cache.store(lie)
    #expect(cache.index(of: lie.blob) == nil)
    lie.checkpoints = [Checkpoint(output: 0, input: Int64.min, unusedBits: 0, window: [], windowSize: 0)]
    cache.store(lie)
    #expect(cache.index(of: lie.blob) == nil)
  }

  @Test("F6: the cache keeps within its limit, and works without a directory that it can write")
  func bounded() throws {
    let folder = try TemporaryFolder()
    let builder = try ImageBuilder()
    var sizes: [Int] = []
    for number in 0..<6 {
      let tar = ImageBuilder.tar([("file \(number)", [UInt8(number)])])
      let descriptor = try builder.image([(tar, tar)])
      _ = try Image(descriptor, in: builder.engine, cache: LayerCache(path: folder("cache"), sizeLimit: 700))
      let files = try folder.files().filter { $0.hasPrefix("cache/") }
      sizes.append(try files.reduce(0) { $0 + (try Data(contentsOf: folder[$1]).count) })
    }
    #expect(sizes.allSatisfy { $0 <= 700 } && sizes.contains { $0 > 0 })
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder("cache"))
    #expect(LayerCache(path: folder("cache")) == nil)
    #expect(LayerCache(path: folder("absent/cache")) == nil)
  }

  @Test("F6: a directory of caches that is absent is made for the user alone")
  func absent() throws {
    let folder = try TemporaryFolder()
    #expect(LayerCache.ofUser(environment: ["XDG_CACHE_HOME": folder("caches")]) != nil)
    #expect(LayerCache.ofUser(environment: ["HOME": folder("")]) != nil)
    for name in ["caches", "caches/casfs-layers", ".cache"] {
      let mode = try FileManager.default.attributesOfItem(atPath: folder(name))[.posixPermissions] as? Int
      #expect(mode == 0o700, "\(name)")
    }
  }

  @Test("F6: the next piece is decoded ahead of reads in order, and of no others")
  func ahead() throws {
    let builder = try ImageBuilder()
    let descriptor = try builder.image([try Self.layer()])
    func read(_ image: Image, at offset: Int64) throws {
      let big = try #require(image.file(at: Array("big".utf8)))
      var bytes = [UInt8](repeating: 0, count: 10)
      var span = bytes.mutableSpan
      #expect(try image.read(big, into: &span, at: offset) == 10)
      #expect(bytes.elementsEqual(Self.content[Int(offset)..<Int(offset) + 10]))
    }
    let sequential = try Image(descriptor, in: builder.engine)
    for offset: Int64 in [0, 500_000] { try read(sequential, at: offset) }
    #expect(sequential.decodedPieceCount == 1)
    try read(sequential, at: 1_500_000)
    let big = try #require(sequential.file(at: Array("big".utf8)))
    let start = ContinuousClock.now
    while !sequential.isInMemory(big, at: 2_200_000, count: 1) {
      try #require(ContinuousClock.now - start < .seconds(60))
      usleep(1000)
    }
    #expect(sequential.decodedPieceCount == 3)
    try read(sequential, at: 2_200_000)
    #expect(sequential.decodedPieceCount == 3)
    let backward = try Image(descriptor, in: builder.engine)
    for offset: Int64 in [2_200_000, 1_500_000, 0, 1_500_000 - (1 << 20)] { try read(backward, at: offset) }
    usleep(50_000)
    #expect(backward.decodedPieceCount == 3)
    let skipping = try Image(descriptor, in: builder.engine)
    for offset: Int64 in [0, 2_200_000] { try read(skipping, at: offset) }
    #expect(skipping.decodedPieceCount == 2)
  }

  @Test("F6: reads at every place of a gzip layer of several members agree with the whole", .needs(.tools("python3")))
  func places() throws {
    let cases = try LayoutCases(only: ["large-gzip", "large-gzip-members", "large-zstd-frames", "large-gzip-stored"])
    for name in ["large-gzip", "large-gzip-members", "large-zstd-frames", "large-gzip-stored"] {
      let whole = try cases.image(name).contents("d/b")
      let cache = LayerCache(path: cases.folder("cache"))
      _ = try cases.image(name, cache: cache)
      let image = try cases.image(name, cache: cache)
      let file = try #require(image.file(at: Array("d/b".utf8)))
      var generator = SeededGenerator(3)
      for _ in 0..<40 {
        let offset = Int.random(in: 0..<whole.count, using: &generator)
        var buffer = [UInt8](repeating: 0, count: 5000)
        var span = buffer.mutableSpan
        let count = try image.read(file, into: &span, at: Int64(offset))
        #expect(
          buffer.prefix(count).elementsEqual(whole[offset..<min(offset + 5000, whole.count)]), "\(name) \(offset)")
      }
    }
  }
}
