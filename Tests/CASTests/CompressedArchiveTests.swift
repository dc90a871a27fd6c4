import CAS
import CASImage
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASArchive

/// Archives of layouts that are compressed as a whole.
@Suite(.boundedInTime)
struct CompressedArchiveTests {
  private static let noise: [UInt8] = {
    var generator = SeededGenerator(5)
    return generator.bytes(3_000_000)
  }()
  /// Text that compresses, over several places where decoding can start.
  private static let text = (0..<1_500_000).flatMap { "\($0 % 9973)\n".utf8 }

  /// Makes `x.tar` of a store with a large blob of noise, one of text and a small one, and `x` of it by a command.
  private func make(_ store: TestStore, _ command: String) throws -> [Digest: [UInt8]] {
    var contents: [Digest: [UInt8]] = [:]
    for content in [Self.noise, Self.text, Array("small".utf8), Array("{}".utf8), []] {
      contents[try store.engine.putBlob(content).digest] = content
    }
    contents[try store.engine.putBlob(Array("{\"a\":1}".utf8), algorithm: .sha512).digest] = Array("{\"a\":1}".utf8)
    try store.engine.putReference(Descriptor.sample(1), named: ReferenceName("a"))
    try store.run(
      "bash", ["-c", "set -e; tar --sort=name -cf x.tar -C store blobs index.json oci-layout; \(command)"])
    return contents
  }

  private func open(
    _ store: TestStore, cache: LayerCache? = nil, _ system: RecordSystem = .current
  ) throws(CASError) -> ArchiveEngine {
    let driver = ArchiveDriver(.imageLayout, cache: { cache }, system)
    let engine = try driver.open("oci-archive:\(store.folder.path)/x", options: OpenOptions())
    guard let engine = engine as? ArchiveEngine else {
      throw CASError(.invalid, OperationContext("open store", on: "x"), cause: "another engine")
    }
    return engine
  }

  @Test(
    "G8: an archive that is compressed as a whole has the blobs and references of a plain one",
    arguments: [
      "gzip <x.tar >x", "(head -c 1000000 x.tar | gzip; tail -c +1000001 x.tar | gzip -9) >x",
      "(gzip <x.tar; echo foreign) >x", "zstd -q <x.tar >x",
      "(printf 'P*M\\030\\004\\0\\0\\0abcd'; split -b 1500000 --filter 'zstd -q' x.tar) >x",
      "truncate -s -8192 x.tar; gzip <x.tar >x",
    ])
  func same(_ command: String) throws {
    try withStore(.archive) { (store) throws in
      let contents = try make(store, command)
      let engine = try open(store)
      #expect(try engine.listBlobs().nextBatch().sorted() == contents.keys.sorted())
      #expect(try engine.reference(named: ReferenceName("a")) == Descriptor.sample(1))
      for (digest, content) in contents {
        #expect(try engine.blobContents(digest, limit: 1 << 24) == content)
        #expect(try engine.blobInfo(digest).size == content.count)
        #expect(try engine.blobFile(digest, cancellation: .none) == nil)
        #expect(engine.isProbablyVerified(digest, version: try engine.blobInfo(digest).version))
        let reader = try engine.openBlob(digest)
        for place in [content.count - 3, content.count / 2, content.count + 1, 0] where place >= 0 {
          #expect(try reader.read(5000, at: Int64(place)) == Array(content.dropFirst(place).prefix(5000)))
        }
        try engine.verifyBlob(digest, cancellation: .none) { _ in }
      }
      let absent = try Digest.of([9, 9])
      #expect(failure { () throws(CASError) in try engine.openBlob(absent) }?.code == .notFound)
      #expect(failure { () throws(CASError) in try engine.putBlob([1]) }?.code == .io(.readOnlyFileSystem))
    }
  }

  @Test(
    "G8: a later open takes all but content from the cache, by the state of the file or by its digest",
    arguments: ["gzip <x.tar >x", "zstd -q <x.tar >x"], [true, false])
  func cached(_ command: String, _ isStable: Bool) throws {
    try withStore(.archive) { (store) throws in
      let contents = try make(store, command)
      let system = FakeRecordSystem()
      if !isStable { system.state.withLock { $0.origin = FileOrigin(type: 0x0102_1994, fileSystem: 1) } }
      let cache = try #require(LayerCache(path: store.folder.path + "/cache"))
      _ = try open(store, cache: cache, system.system)
      func files() throws -> [String: UInt64] {
        let names = try FileManager.default.contentsOfDirectory(atPath: store.folder.path + "/cache")
        return try Dictionary(
          uniqueKeysWithValues: names.map { (name) in
            let file = try OpenFile.open(path: "\(store.folder.path)/cache/\(name)", .readOnly)
            return (name, try file.status().identity.inode)
          })
      }
      let first = try files()
      #expect(first.count == 1)
      let engine = try open(store, cache: cache, system.system)
      // A pass would have replaced the file.
      #expect(try files() == first)
      #expect(try engine.listReferences().count == 1)
      #expect(try engine.listBlobs().nextBatch().count == contents.count)
      for (digest, content) in contents where content.first == UInt8(ascii: "{") {
        #expect(try engine.blobContents(digest, limit: 100) == content)
      }
      #expect(engine.decodedPieceCount == 0)
      #expect(try engine.blobContents(Digest.of(Array("small".utf8)), limit: 100) == Array("small".utf8))
      #expect(engine.decodedPieceCount == 1)
      // The same content elsewhere is another state, and has the same digest.
      try store.run("bash", ["-c", "cp x y && mv y x"])
      _ = try open(store, cache: cache, system.system)
      #expect(try files().count == (isStable ? 2 : 1))
      try store.run("bash", ["-c", "printf x >>x"])
      #expect((try? open(store, cache: cache, system.system)) == nil || command.hasPrefix("gzip"))
      #expect(try files().count == (isStable ? 2 : 1) + (command.hasPrefix("gzip") ? 1 : 0))
    }
  }

  @Test("G8: a damaged index in the cache is made anew")
  func damagedIndex() throws {
    try withStore(.archive) { (store) throws in
      let contents = try make(store, "gzip <x.tar >x")
      let cache = try #require(LayerCache(path: store.folder.path + "/cache"))
      let system = FakeRecordSystem()
      _ = try open(store, cache: cache, system.system)
      let name = try #require(FileManager.default.contentsOfDirectory(atPath: store.folder.path + "/cache").first)
      let url = store.folder.appending(path: "cache/\(name)")
      let good = try Data(contentsOf: url)
      var generator = SeededGenerator(3)
      for _ in 0..<20 {
        var bad = good
        bad[Int.random(in: 0..<bad.count, using: &generator)] ^= 4
        try bad.write(to: url)
        let engine = try open(store, cache: cache, system.system)
        #expect(try engine.listBlobs().nextBatch().count == contents.count)
        #expect(try Data(contentsOf: url) == good)
      }
      // The table of members is not trusted to be one.
      for bytes in [[], [0], [1, 200], [UInt8](repeating: 0xFF, count: 30)] {
        #expect((try? ArchiveMembers(parsing: bytes)) == nil)
      }
    }
  }

  @Test("G8, V2: parts of an archive that was changed while it is open are EIO, until they are as they were")
  func changed() throws {
    try withStore(.archive) { (store) throws in
      _ = try make(store, "gzip -1 <x.tar >x; cp x good")
      let engine = try open(store)
      let noise = try Digest.of(Self.noise)
      let file = try OpenFile.open(path: store.folder.path + "/x", .readWrite)
      let good = try Data(contentsOf: store.folder.appending(path: "good"))
      let place = try #require(good.range(of: Data(Self.noise[1_500_000..<1_500_032])))
      try file.write([UInt8](repeating: 0, count: 32).span, at: Int64(place.lowerBound))
      let reader = try engine.openBlob(noise)
      #expect(failure { () throws(CASError) in try reader.read(10, at: 1_500_000) }?.code == .io(.ioError))
      #expect(failure { () throws(CASError) in try engine.blobContents(noise, limit: 1 << 24) }?.code == .io(.ioError))
      #expect(try engine.blobContents(Digest.of(Array("small".utf8)), limit: 100) == Array("small".utf8))
      try file.write(Array(good).span, at: 0)
      #expect(try engine.blobContents(noise, limit: 1 << 24) == Self.noise)
      try file.truncate(to: 1000)
      let text = try Digest.of(Self.text)
      #expect(failure { () throws(CASError) in try engine.blobContents(text, limit: 1 << 24) } != nil)
    }
  }

  @Test(
    "G8, V2: a blob with another digest than its name says is not read, with any verification",
    arguments: ["gzip", "zstd -q"])
  func corrupt(_ command: String) throws {
    try withStore(.archive) { (store) throws in
      let digest = try store.engine.putBlob(Array("precious".utf8)).digest
      let other = try store.engine.putBlob(Array("other".utf8)).digest
      try store.corrupt(digest, with: Array("rotten".utf8))
      try store.run("bash", ["-c", "tar -cf x.tar -C store . && \(command) <x.tar >x"])
      let corruption = CASError.Corruption(expected: digest, actual: try .of(Array("rotten".utf8)))
      for verification in Verification.allCases {
        let engine = try ArchiveDriver().open(
          "oci-archive:\(store.folder.path)/x", options: OpenOptions(verification: verification))
        #expect(failure { () throws(CASError) in try engine.openBlob(digest) }?.corruption == corruption)
        #expect(try engine.blobContents(other, limit: 10) == Array("other".utf8))
        var problems: [StoreProblem] = []
        try engine.check { problems.append($0) }
        #expect(problems.map(\.kind) == [.corrupt])
      }
    }
  }

  @Test("G8: an archive that is truncated, damaged or not one, or that decodes to too much, is invalid")
  func invalid() throws {
    let table: [(make: String, says: String)] = [
      ("gzip <x.tar | head -c -20 >x", "truncated gzip"), ("gzip <x.tar | head -c 100 >x", "truncated gzip"),
      ("zstd -q <x.tar | head -c -20 >x", "truncated zstd"), ("(zstd -q <x.tar; echo foreign) >x", "malformed zstd"),
      ("gzip <x.tar >x; printf X | dd of=x bs=1 seek=2000000 conv=notrunc status=none", "malformed gzip"),
      ("echo text | gzip >x", "not a tar archive"), ("gzip </dev/null >x", "the file is empty"),
      ("xz -0 <x.tar | gzip >x", "compressed archive; decompress it first: xz -dc"),
      ("head -c 3000000 x.tar | gzip >x", "the archive is truncated within this member"),
      ("head -c 700 x.tar | zstd -q >x", "truncated"),
      ("tar -cf y.tar -C store blobs index.json && gzip <y.tar >x", "oci-layout: not found"),
    ]
    for row in table {
      try withStore(.archive) { (store) throws in
        _ = try make(store, row.make)
        let error = failure { () throws(CASError) in try open(store) }
        #expect(error?.code == .invalid, "\(row.make)")
        #expect(error?.cause.contains(row.says) == true, "\(row.make): \(error.map(\.description) ?? "opened")")
        #expect(error?.description.hasPrefix("open store \(store.folder.path)/x: ") == true)
      }
    }
    try withStore(.archive) { (store) throws in
      _ = try make(store, "zstd -q <x.tar >x")
      let file = try OpenFile.open(path: store.folder.path + "/x", .readOnly)
      let context = OperationContext("read archive", on: "x")
      let reader = BlobFileReader(try .of([]), file, size: try file.status().size)
      let stream = try LayerStream(reader, .zstd, checkpointInterval: 0, context)
      let source = DecodedArchive(stream, limit: 5_000_000, context)
      #expect(throws: ArchiveError.self) { try ArchiveMembers(reading: source) }
      #expect(stream.position < 6_000_000)
    }
  }
}
