import CAS
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("Stores made to attack", .boundedInTime)
struct HostileTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
  }

  @Test("D6: a link, FIFO, socket, device or directory under a digest is invalid and not opened")
  func notRegular() throws {
    let engine = try folder.store()
    let secret = bytes("secret")
    let digest = try digest(secret)
    try write("secret", folder("outside"))
    let path = engine.file(digest)
    let makers: [() throws -> Void] = [
      { try link(path, to: folder("outside")) }, { try link(path, to: folder("nowhere")) },
      { try run("mkfifo", path) }, { try run("mkdir", path) }, { try run("mknod", path, "c", "1", "3") },
    ]
    for make in makers {
      try make()
      #expect(code { _ = try engine.openBlob(digest) } == .invalid)
      #expect(code { _ = try engine.blobInfo(digest) } == .invalid)
      #expect(code { _ = try engine.stageBlob(algorithm: .sha256, copying: digest) } == .invalid)
      #expect(code { _ = try engine.putBlob(secret) } == .invalid)
      try remove(path)
    }
    #expect(try text(folder("outside")) == "secret")
    _ = try engine.putBlob(secret)
  }

  @Test("D6: an algorithm's directory that is a link is invalid")
  func linkedAlgorithm() throws {
    let engine = try folder.store()
    try run("mkdir", folder("elsewhere"))
    try remove(folder("store/blobs/sha256"))
    try link(folder("store/blobs/sha256"), to: folder("elsewhere"))
    #expect(code { _ = try engine.putBlob([1]) } == .invalid)
    #expect(code { _ = try engine.openBlob(try digest([1])) } == .invalid)
    #expect(code { _ = try engine.listBlobs().nextBatch() } == .invalid)
    #expect(try names(folder("elsewhere")).isEmpty)
  }

  @Test("D6: swapping the store, or blobs, for a link under an open store leads nowhere")
  func swapped() throws {
    let engine = try folder.store()
    try run("mkdir", folder("elsewhere"))
    try run("cp", "-r", folder("store"), folder("decoy"))
    try move(folder("store"), to: folder("real"))
    try link(folder("store"), to: folder("decoy"))
    let first = try engine.putBlob(bytes("a"))
    #expect(try names(folder("real/blobs/sha256")) == [first.digest.hex])
    try move(folder("real/blobs"), to: folder("real/kept"))
    try link(folder("real/blobs"), to: folder("elsewhere"))
    let second = try engine.putBlob(bytes("b"))
    #expect(try names(folder("real/kept/sha256")).contains(second.digest.hex))
    #expect(code { _ = try engine.putBlob(bytes("c"), algorithm: .sha512) } == .invalid)
    try engine.putReference(try descriptor("x"), named: try name("x"))
    #expect(try names(folder("elsewhere")).isEmpty)
    #expect(try names(folder("decoy/blobs/sha256")).isEmpty)
    #expect(try open(folder("decoy")).listReferences().isEmpty)
  }

  @Test("D6: an algorithm's directory that was removed and made again is found")
  func remade() throws {
    let engine = try folder.store()
    let address = try engine.putBlob(bytes("a"))
    try remove(folder("store/blobs/sha256"))
    #expect(code { _ = try engine.openBlob(address.digest) } == .notFound)
    try run("mkdir", folder("store/blobs/sha256"))
    try write("a", engine.file(address.digest))
    #expect(try engine.text(address.digest) == "a")
    try remove(folder("store/blobs/sha256"))
    #expect(try engine.putBlob(bytes("a")) == address)
    #expect(try engine.text(address.digest) == "a")
  }

  @Test("D6: files of the layout that are links, FIFOs or directories are refused without hanging")
  func layoutFiles() throws {
    for (number, file) in ["oci-layout", "index.json", "blobs"].enumerated() {
      for (kind, make) in ["link", "fifo", "dir"].enumerated() {
        let path = folder("store\(number)\(kind)")
        try folder.store("store\(number)\(kind)").close()
        try move("\(path)/\(file)", to: folder("target\(number)\(kind)"))
        switch make {
        case "link": try link("\(path)/\(file)", to: folder("target\(number)\(kind)"))
        case "fifo": try run("mkfifo", "\(path)/\(file)")
        default: if file != "blobs" { try run("mkdir", "\(path)/\(file)") }
        }
        #expect(code { _ = try open(path) } == .invalid, "\(file) \(make)")
      }
    }
  }

  @Test("D6: an index over 64 MiB or nested over 64 deep is invalid at once and not overwritten")
  func bombs() throws {
    let engine = try folder.store()
    let deep = String(repeating: "[", count: 100_000)
    try write("{\"schemaVersion\":2,\"x\":\(deep)", folder("store/index.json"))
    #expect(code { _ = try engine.index() } == .invalid)
    #expect(code { try engine.putReference(try descriptor("a"), named: try name("a")) } == .invalid)
    #expect(code { _ = try open(folder("store")) } == .invalid)
    #expect(try text(folder("store/index.json")).hasSuffix("[[["))
    try run("truncate", "-s", "65M", folder("store/index.json"))
    #expect(code { _ = try engine.index() } == .invalid)
    // Sizes that lie: a sparse file the disk does not have.
    try run("truncate", "-s", "4T", folder("store/index.json"))
    #expect(code { try engine.deleteReference(named: try name("a")) } == .invalid)
  }

  @Test("D6: a blob of any age can be put, read, listed, checked and collected")
  func times() throws {
    // Not every file system can keep such times; this one can.
    let path = "/dev/shm/casfs-test-\(UInt64.random(in: 0...UInt64.max))"
    defer { try? remove(path) }
    let engine = try DirectoryDriver().create(path, options: CreateOptions())
    let digest = try engine.putBlob(bytes("x")).digest
    for time in [Int64.min, -1, 0, .max] {
      try run("touch", "-d", "@\(time)", engine.file(digest))
      #expect(try engine.blobInfo(digest).modified.seconds == time)
      #expect(try engine.text(digest) == "x")
      #expect(try engine.putBlob(bytes("x")).digest == digest)
      try run("touch", "-d", "@\(time)", engine.file(digest))
      try engine.check { Issue.record("\($0)") }
      var removed: [Digest] = []
      try engine.collectGarbage { removed += $0.removed.map(\.digest) }
      // What is of the future is younger than anything.
      #expect(removed == (time == .max ? [] : [digest]))
      _ = try engine.putBlob(bytes("x"))
      try write("y", engine.file(digest))
      try run("touch", "-d", "@\(time)", engine.file(digest))
      #expect(throws: CASError.self) { _ = try engine.text(digest) }
      #expect(try engine.putBlob(bytes("x")).digest == digest)
    }
  }

  @Test("D6: a hundred references that make no sense hold up nobody for longer than one")
  func tornReferences() throws {
    let engine = try folder.store("store", .refs)
    for number in 0..<100 { try write("{", folder("store/refs/bad\(number)")) }
    try engine.putReference(try descriptor("a"), named: try name("good"))
    let start = ContinuousClock.now
    #expect(try engine.listReferences().map(\.name.description) == ["good"])
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(try engine.index().entries.count == 101)
  }

  @Test("D6: entries that are no digests are passed over in listings")
  func strangeNames() throws {
    let engine = try folder.store()
    var expected: Set<Digest> = []
    for number in 0..<1500 {
      let digest = try digest(bytes("\(number)"))
      expected.insert(digest)
      try write("", engine.file(digest))
    }
    let hex = try digest([]).hex
    for name in ["x", hex.uppercased(), hex + "0", String(hex.dropLast()), ".hidden", "g" + hex.dropFirst()] {
      try write("", folder("store/blobs/sha256/\(name)"))
    }
    try run("mkdir", folder("store/blobs/md5"))
    try write("", folder("store/blobs/md5/d41d8cd98f00b204e9800998ecf8427e"))
    var listed: [Digest] = []
    try engine.forEachBlob { (digest) in listed.append(digest) }
    #expect(listed.count == expected.count)
    #expect(Set(listed) == expected)
  }

  @Test("D7: names that lead out are invalid, and references that have them are not listed")
  func unsafeNames() throws {
    let engine = try folder.store()
    for bad in [
      "", ".", "..", "../oci-layout", "a/../b", "a//b", "/a", "a/", "a\u{0}", "a\nb",
      String(repeating: "a", count: 4097),
    ] {
      #expect(throws: InvalidValue.self, "\(bad)") { _ = try ReferenceName(reading: bad) }
    }
    for odd in ["a b", "%41", "-a", "a..b", "ä"] {
      #expect(code { try engine.putReference(try descriptor("x"), named: try name(odd)) } == .invalid, "\(odd)")
    }
    let entries = ["../oci-layout", "good", "a b"].map { (name) in
      "{\"mediaType\":\"m\",\"digest\":\"sha256:\(String(repeating: "0", count: 64))\",\"size\":1,"
        + "\"annotations\":{\"org.opencontainers.image.ref.name\":\"\(name)\"}}"
    }
    try write("{\"schemaVersion\":2,\"manifests\":[\(entries.joined(separator: ","))]}", folder("store/index.json"))
    #expect(try engine.listReferences().map(\.name.description) == ["good", "a b"])
    #expect(try engine.index().entries.count == 3)
    // A name somebody else made can be moved and removed.
    let moved = try descriptor("y")
    try engine.putReference(moved, named: try name("a b"), replacing: true, cancellation: .none)
    #expect(try engine.reference(named: try name("a b")) == moved)
    try engine.deleteReference(named: try name("a b"))
    #expect(FileManager.default.fileExists(atPath: folder("store/oci-layout")))
  }
}
