import CAS
import CASCompression
import CASPlatform
import OCI
import TestSupport
import Testing

@testable import CASImage

@Suite struct HostileTests {
  /// Opens an image of one layer.
  private static func open(_ blob: [UInt8], content: [UInt8]) throws -> Image {
    let builder = try ImageBuilder()
    return try Image(try builder.image([(blob, content)]), in: builder.engine)
  }

  /// The reason for which a plain layer is refused.
  private static func refusal(_ tar: [UInt8]) throws -> String? {
    let builder = try ImageBuilder()
    let descriptor = try builder.image([(tar, tar)])
    return failure { () throws(CASError) in try Image(descriptor, in: builder.engine) }?.cause
  }

  @Test("F8: names that lead out of the root stay in it")
  func escape() throws {
    let tar = ImageBuilder.tar([("../../a", [1]), ("/b/../../c", [2])])
    let image = try Self.open(tar, content: tar)
    #expect(image.children(of: image.root).map(\.name) == ["a", "c"])
    #expect(image.file(at: Array("../../../a".utf8))?.name == "a")
  }

  @Test("F8: sizes that lie, and paths that are too long, are refused")
  func lies() throws {
    let lie = ImageBuilder.header([97], size: 1 << 32) + [UInt8](repeating: 0, count: 1024)
    #expect(try Self.refusal(lie) == "truncated tar")
    let path = [UInt8]((0..<40_000).map { $0 % 2 == 0 ? 97 : 47 })
    let long =
      ImageBuilder.header([97], size: Int64(path.count), type: "L") + path
      + [UInt8](repeating: 0, count: (512 - path.count % 512) % 512) + ImageBuilder.tar([("x", [])])
    #expect(try Self.refusal(long) == "path longer than 32768 bytes")
    let extended = ImageBuilder.header([97], size: 1 << 30, type: "x")
    #expect(try Self.refusal(extended) == "extended header longer than 1048576 bytes")
  }

  @Test("F8: a layer of more than 4 million entries, or 128 MiB of names and attributes, is refused")
  func tooManyEntries() throws {
    #expect(EntryTable.countLimit == 4_000_000 && FileTree.nodeLimit == 4_000_000)
    func entry(_ name: String, _ attributes: [ExtendedAttribute] = []) -> LayerEntry {
      var entry = LayerEntry(
        kind: .file, path: Array(name.utf8), link: [], mode: 0, user: 0, group: 0,
        modified: Timestamp(seconds: 0, nanoseconds: 0))
      entry.attributes = attributes
      return entry
    }
    var counted = EntryTable(countLimit: 2)
    for name in ["a", "b"] { try counted.append(entry(name)) }
    #expect(Self.reason { try counted.append(entry("c")) } == "too many entries in a layer: 2")
    var table = EntryTable()
    let value = [UInt8](repeating: 7, count: 65_536)
    let bomb = entry("a", (0..<15).map { ExtendedAttribute(name: Array("user.\($0)".utf8), value: value) })
    var count = 0
    let reason = Self.reason {
      while true {
        try table.append(bomb)
        count += 1
      }
    }
    #expect(reason == "names and attributes of a layer longer than 134217728 bytes")
    #expect(count == 137)
  }

  @Test("F6: entries of an index file that no layer has are refused, and never trap")
  func foreignEntries() throws {
    func isRefused(_ change: (inout LayerEntry) -> Void) throws -> Bool {
      var entry = LayerEntry(
        kind: .file, path: Array("a/b".utf8), mode: 0o7777, user: 0, group: 0,
        modified: Timestamp(seconds: 1, nanoseconds: 999_999_999), size: 5, offset: 1024)
      change(&entry)
      var table = EntryTable()
      try table.append(entry)
      var reader = EntryTable.Reader(table.bytes)
      return Self.reason {
        let read = try reader.next()
        #expect(read == entry)
      } != nil
    }
    #expect(try !isRefused { $0.pieces = [SparsePiece(offset: 0, length: 1), SparsePiece(offset: 4, length: 1)] })
    #expect(try !isRefused { $0.offset = .max - 5 })
    for (size, offset): (Int64, Int64) in [(-1, 0), (5, -1), (.max, 1), (.min, .min), (5, .max)] {
      #expect(try isRefused { ($0.size, $0.offset) = (size, offset) }, "\(size), \(offset)")
    }
    for (offset, length): (Int64, Int64) in [(-1, 2), (0, -1), (1, 5), (.max, .max), (.min, .max)] {
      #expect(try isRefused { $0.pieces = [SparsePiece(offset: offset, length: length)] }, "\(offset), \(length)")
    }
    #expect(try isRefused { $0.pieces = [SparsePiece(offset: 2, length: 1), SparsePiece(offset: 0, length: 1)] })
    #expect(
      try isRefused {
        ($0.size, $0.offset, $0.pieces) = (.max, 1, [SparsePiece(offset: 0, length: .max)])
      })
    for path in ["/a", "a/", "a//b", ".", "a/..", "../a", "a/./b", String(repeating: "n", count: 256)] {
      #expect(try isRefused { $0.path = Array(path.utf8) }, "\(path)")
    }
    for path in ["", "...", "a/.b/..c", String(repeating: "n", count: 255)] {
      #expect(try !isRefused { $0.path = Array(path.utf8) }, "\(path)")
    }
    #expect(try isRefused { $0.path = [UInt8]((0..<40_001).map { $0 % 2 == 0 ? 97 : 47 }) })
    #expect(try isRefused { $0.mode = 0o10000 })
    #expect(try isRefused { $0.modified.seconds = -1 })
    #expect(try isRefused { $0.modified.nanoseconds = 1_000_000_000 })
  }

  @Test("F8: a file in the tree of an image takes 48 bytes, and each name of it 28")
  func sizes() {
    #expect(MemoryLayout<FileTree.Inode>.stride == 48)
    #expect(MemoryLayout<FileTree.Node>.stride == 28)
  }

  @Test("F8: names that paths imply, and the attributes of all layers, count against the limits of an image")
  func tooManyNames() throws {
    let deep = ImageBuilder.tar([("a/b/c/d/e", []), ("f", [])])
    var tree = FileTree(nodeLimit: 5)
    #expect(Self.reason { try tree.apply(Self.entries(deep).bytes, layer: 0) } == "a/b/c/d/e: too many files: 5")
    let large =
      ImageBuilder.attributes([("user.a", [UInt8](repeating: 65, count: 5000))]) + ImageBuilder.tar([("a", [])])
    tree = FileTree(sizeLimit: 12_000)
    for layer: UInt16 in 0..<2 { try tree.apply(Self.entries(large).bytes, layer: layer) }
    #expect(
      Self.reason { try tree.apply(Self.entries(large).bytes, layer: 2) }
        == "a: files of the image need over 12000 bytes of memory")
  }

  private static func reason(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return (error as? DecodingError)?.reason }
  }

  @Test("F8: a bomb of 128 MiB is read in pieces, and its last byte is found")
  func bomb() throws {
    let size: Int64 = 128 << 20
    // Zstandard frames of one run of zeros each.
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xA0]
    let length: UInt32 = 1 << 20
    for shift: UInt32 in [0, 8, 16, 24] { frame.append(UInt8(truncatingIfNeeded: length >> shift)) }
    for block in 0..<8 {
      let header: UInt32 = (block == 7 ? 1 : 0) | 1 << 1 | UInt32(128 << 10) << 3
      for shift: UInt32 in [0, 8, 16] { frame.append(UInt8(truncatingIfNeeded: header >> shift)) }
      frame.append(0)
    }
    let header = ImageBuilder.header([97], size: size)
    let start = try ZstdBuffer.compress(header.span)
    var blob = start
    for _ in 0..<128 { blob += frame }
    let builder = try ImageBuilder()
    var digester = Digester(.sha256)
    digester.update(header.span)
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    for _ in 0..<128 { digester.update(zeros.span) }
    let config = try builder.put(
      Array(#"{"rootfs":{"diff_ids":["\#(digester.digest?.description ?? "")"]}}"#.utf8), "application/json")
    let layer = try builder.put(blob, "application/vnd.oci.image.layer.v1.tar+zstd")
    let manifest = try builder.put(
      Array(#"{"schemaVersion":2,"config":\#(config),"layers":[\#(layer)]}"#.utf8), MediaType.imageManifest)
    let image = try Image(manifest, in: builder.engine)
    let file = try #require(image.file(at: [97]))
    #expect(file.size == size)
    var byte: [UInt8] = [1, 1]
    var span = byte.mutableSpan
    #expect(try image.read(file, into: &span, at: size - 1) == 1)
    #expect(byte == [0, 1])
    // The checkpoint is at the start of a frame near the end: little was decoded.
    #expect(image.decodedPieceCount == 1)
  }

  @Test("F8: a pass is cancelled")
  func cancelled() throws {
    let builder = try ImageBuilder()
    let tar = ImageBuilder.tar([("a", [UInt8](repeating: 1, count: 3 << 20))])
    let descriptor = try builder.image([(tar, tar)])
    let token = CancellationToken()
    let error = failure { () throws(CASError) in
      try Image(descriptor, in: builder.engine, cancellation: token) { (_, _) in token.cancel() }
    }
    #expect(error?.code == .cancelled)
  }

  @Test("F8: 3,000 malformed layers and index files are refused or shown, and never trap")
  func fuzz() throws {
    let seed = StressOptions(minutes: 0).seed
    var generator = SeededGenerator(seed)
    let tar = ImageBuilder.tar([
      ("d/a", [1, 2, 3]), ("b", [UInt8](repeating: 5, count: 700)), (".wh.c", []), ("e", []),
    ])
    let zstd = try ZstdBuffer.compress(tar.span)
    // One member of stored blocks, whose checksum is that of the archive.
    let builder = try ImageBuilder()
    let index = try LayerIndex(
      blob: try Digest.of(tar), content: try Digest.of(tar), compression: .plain, size: Int64(tar.count),
      entries: try Self.entries(tar), checkpoints: [], pieces: [])
    let packed = index.serialized()
    for round in 0..<3000 {
      var bytes = [tar, zstd, packed][round % 3]
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0..<bytes.count / 2, using: &generator)) }
      if round % 3 == 2 {
        #expect((try? LayerIndex(parsing: bytes)) == nil || bytes == packed, "seed \(seed), round \(round)")
        var reader = EntryTable.Reader(Array(bytes.dropFirst(60)))
        while (try? reader.next()) != nil {}
      } else {
        if round % 3 == 0 { Self.repairChecksums(&bytes) }
        let descriptor = try builder.put(bytes, "application/vnd.oci.image.layer.v1.tar")
        let scan = LayerScan(
          engine: builder.engine, descriptor: descriptor, contentDigest: descriptor.digest, cancellation: .none)
        guard let index = try? scan.run() else { continue }
        var tree = FileTree()
        try? tree.apply(index.entries(), layer: 0)
      }
    }
  }

  private static func entries(_ tar: [UInt8]) throws -> EntryTable {
    var scanner = TarScanner()
    try scanner.scan(tar.span)
    return scanner.entries
  }

  /// Makes the checksums of headers right, so that their fields are read.
  private static func repairChecksums(_ tar: inout [UInt8]) {
    for start in stride(from: 0, to: tar.count - 511, by: 512) where tar[start + 257] == UInt8(ascii: "u") {
      for index in 148..<156 { tar[start + index] = 32 }
      let sum = String(tar[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
      for (index, byte) in (String(repeating: "0", count: 6 - sum.count) + sum).utf8.enumerated() {
        tar[start + 148 + index] = byte
      }
      tar[start + 154] = 0
    }
  }
}
