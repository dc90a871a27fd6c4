import CAS
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("Hostile stores", .boundedInTime)
struct HostileStoreTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test("D6: a link, FIFO, socket, device or directory under a digest is invalid and not opened")
  func notRegular() throws {
    let engine = try folder.store()
    let secret = "secret".bytes
    let digest = try Digest.of(secret)
    try writeText("secret", folder("outside"))
    let path = engine.file(digest)
    let makers: [() throws -> Void] = [
      { try makeSymbolicLink(path, to: folder("outside")) }, { try makeSymbolicLink(path, to: folder("nowhere")) },
      { try SystemCommand.expect("mkfifo", path) }, { try SystemCommand.expect("mkdir", path) },
      { try SystemCommand.expect("mknod", path, "c", "1", "3") },
    ]
    for make in makers {
      try make()
      #expect(errorCode { _ = try engine.openBlob(digest) } == .invalid)
      #expect(errorCode { _ = try engine.blobInfo(digest) } == .invalid)
      #expect(errorCode { _ = try engine.stageBlob(algorithm: .sha256, copying: digest) } == .invalid)
      #expect(errorCode { _ = try engine.putBlob(secret) } == .invalid)
      try removeItem(path)
    }
    #expect(try readText(folder("outside")) == "secret")
    _ = try engine.putBlob(secret)
  }

  @Test("D6: an algorithm's directory that is a link is invalid")
  func linkedAlgorithm() throws {
    let engine = try folder.store()
    try SystemCommand.expect("mkdir", folder("elsewhere"))
    try removeItem(folder("store/blobs/sha256"))
    try makeSymbolicLink(folder("store/blobs/sha256"), to: folder("elsewhere"))
    #expect(errorCode { _ = try engine.putBlob([1]) } == .invalid)
    #expect(errorCode { _ = try engine.openBlob(try Digest.of([1])) } == .invalid)
    #expect(errorCode { _ = try engine.listBlobs().nextBatch() } == .invalid)
    #expect(try entryNames(folder("elsewhere")).isEmpty)
  }

  @Test("D6: replacing the store or its blobs by a link does not redirect an open store")
  func swapped() throws {
    let engine = try folder.store()
    try SystemCommand.expect("mkdir", folder("elsewhere"))
    try SystemCommand.expect("cp", "-r", folder("store"), folder("decoy"))
    try moveItem(folder("store"), to: folder("real"))
    try makeSymbolicLink(folder("store"), to: folder("decoy"))
    let first = try engine.putBlob("a".bytes)
    #expect(try entryNames(folder("real/blobs/sha256")) == [first.digest.hex])
    try moveItem(folder("real/blobs"), to: folder("real/kept"))
    try makeSymbolicLink(folder("real/blobs"), to: folder("elsewhere"))
    let second = try engine.putBlob("b".bytes)
    #expect(try entryNames(folder("real/kept/sha256")).contains(second.digest.hex))
    #expect(errorCode { _ = try engine.putBlob("c".bytes, algorithm: .sha512) } == .invalid)
    try engine.putReference(try Descriptor.sample("x"), named: try ReferenceName(reading: "x"))
    #expect(try entryNames(folder("elsewhere")).isEmpty)
    #expect(try entryNames(folder("decoy/blobs/sha256")).isEmpty)
    #expect(try openStore(folder("decoy")).listReferences().isEmpty)
  }

  @Test("D6: an algorithm's directory is found again after it was removed and made anew")
  func remade() throws {
    let engine = try folder.store()
    let address = try engine.putBlob("a".bytes)
    try removeItem(folder("store/blobs/sha256"))
    #expect(errorCode { _ = try engine.openBlob(address.digest) } == .notFound)
    try SystemCommand.expect("mkdir", folder("store/blobs/sha256"))
    try writeText("a", engine.file(address.digest))
    #expect(try engine.text(address.digest) == "a")
    try removeItem(folder("store/blobs/sha256"))
    #expect(try engine.putBlob("a".bytes) == address)
    #expect(try engine.text(address.digest) == "a")
  }

  @Test("D6: a layout file that is a link, FIFO or directory is rejected without blocking")
  func layoutFiles() throws {
    for (number, file) in ["oci-layout", "index.json", "blobs"].enumerated() {
      for (kind, make) in ["link", "fifo", "dir"].enumerated() {
        let path = folder("store\(number)\(kind)")
        try folder.store("store\(number)\(kind)").close()
        try moveItem("\(path)/\(file)", to: folder("target\(number)\(kind)"))
        switch make {
        case "link": try makeSymbolicLink("\(path)/\(file)", to: folder("target\(number)\(kind)"))
        case "fifo": try SystemCommand.expect("mkfifo", "\(path)/\(file)")
        default: if file != "blobs" { try SystemCommand.expect("mkdir", "\(path)/\(file)") }
        }
        #expect(errorCode { _ = try openStore(path) } == .invalid, "\(file) \(make)")
      }
    }
  }

  @Test("D6: an index over 64 MiB or nested over 64 deep is invalid immediately and not overwritten")
  func bombs() throws {
    let engine = try folder.store()
    let deep = String(repeating: "[", count: 100_000)
    try writeText("{\"schemaVersion\":2,\"x\":\(deep)", folder("store/index.json"))
    #expect(errorCode { _ = try engine.index() } == .invalid)
    #expect(
      errorCode { try engine.putReference(try Descriptor.sample("a"), named: try ReferenceName(reading: "a")) }
        == .invalid)
    #expect(errorCode { _ = try openStore(folder("store")) } == .invalid)
    #expect(try readText(folder("store/index.json")).hasSuffix("[[["))
    try SystemCommand.expect("truncate", "-s", "65M", folder("store/index.json"))
    #expect(errorCode { _ = try engine.index() } == .invalid)
    // A sparse file larger than the disk.
    try SystemCommand.expect("truncate", "-s", "4T", folder("store/index.json"))
    #expect(errorCode { try engine.deleteReference(named: try ReferenceName(reading: "a")) } == .invalid)
  }

  @Test("D6: a blob of any age can be put, read, listed, checked and collected")
  func times() throws {
    // tmpfs keeps such times, other file systems may not.
    let path = "/dev/shm/casfs-test-\(UInt64.random(in: 0...UInt64.max))"
    defer { try? removeItem(path) }
    let engine = try DirectoryDriver().create(path, options: CreateOptions())
    let digest = try engine.putBlob("x".bytes).digest
    for time in [Int64.min, -1, 0, .max] {
      try SystemCommand.expect("touch", "-d", "@\(time)", engine.file(digest))
      #expect(try engine.blobInfo(digest).modified.seconds == time)
      #expect(try engine.text(digest) == "x")
      #expect(try engine.putBlob("x".bytes).digest == digest)
      try SystemCommand.expect("touch", "-d", "@\(time)", engine.file(digest))
      try engine.check { Issue.record("\($0)") }
      var removed: [Digest] = []
      try engine.collectGarbage(GarbageOptions(allowsEmptyIndex: true)) { removed += $0.removed.map(\.digest) }
      // A time in the future counts as young.
      #expect(removed == (time == .max ? [] : [digest]))
      _ = try engine.putBlob("x".bytes)
      try writeText("y", engine.file(digest))
      try SystemCommand.expect("touch", "-d", "@\(time)", engine.file(digest))
      #expect(throws: CASError.self) { _ = try engine.text(digest) }
      #expect(try engine.putBlob("x".bytes).digest == digest)
    }
  }

  @Test("D6: a hundred malformed references delay a listing no longer than one")
  func tornReferences() throws {
    let engine = try folder.store("store", .refs)
    for number in 0..<100 { try writeText("{", folder("store/refs/bad\(number)")) }
    try engine.putReference(try Descriptor.sample("a"), named: try ReferenceName(reading: "good"))
    let start = ContinuousClock.now
    #expect(try engine.listReferences().map(\.name.description) == ["good"])
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(try engine.index().entries.count == 101)
  }

  @Test("D6: a listing skips entries that are not digests")
  func strangeNames() throws {
    let engine = try folder.store()
    var expected: Set<Digest> = []
    for number in 0..<1500 {
      let digest = try Digest.of("\(number)".bytes)
      expected.insert(digest)
      try writeText("", engine.file(digest))
    }
    let hex = try Digest.of([]).hex
    for name in ["x", hex.uppercased(), hex + "0", String(hex.dropLast()), ".hidden", "g" + hex.dropFirst()] {
      try writeText("", folder("store/blobs/sha256/\(name)"))
    }
    try SystemCommand.expect("mkdir", folder("store/blobs/md5"))
    try writeText("", folder("store/blobs/md5/d41d8cd98f00b204e9800998ecf8427e"))
    var listed: [Digest] = []
    try engine.forEachBlob { (digest) in listed.append(digest) }
    #expect(listed.count == expected.count)
    #expect(Set(listed) == expected)
  }

  @Test("D7: a name that leads out of the store is invalid, and its reference is not listed")
  func unsafeNames() throws {
    let engine = try folder.store()
    for bad in [
      "", ".", "..", "../oci-layout", "a/../b", "a//b", "/a", "a/", "a\u{0}", "a\nb",
      String(repeating: "a", count: 4097),
    ] {
      #expect(throws: InvalidValue.self, "\(bad)") { _ = try ReferenceName(reading: bad) }
    }
    for odd in ["a b", "%41", "-a", "a::b", "ä"] {
      #expect(
        errorCode { try engine.putReference(try Descriptor.sample("x"), named: try ReferenceName(reading: odd)) }
          == .invalid, "\(odd)")
    }
    let entries = ["../oci-layout", "good", "a b"].map { (name) in
      "{\"mediaType\":\"m\",\"digest\":\"sha256:\(String(repeating: "0", count: 64))\",\"size\":1,"
        + "\"annotations\":{\"org.opencontainers.image.ref.name\":\"\(name)\"}}"
    }
    try writeText("{\"schemaVersion\":2,\"manifests\":[\(entries.joined(separator: ","))]}", folder("store/index.json"))
    #expect(try engine.listReferences().map(\.name.description) == ["good", "a b"])
    #expect(try engine.index().entries.count == 3)
    // An unusual name by another tool can be moved and removed.
    let moved = try Descriptor.sample("y")
    try engine.putReference(moved, named: try ReferenceName(reading: "a b"), replacing: true, cancellation: .none)
    #expect(try engine.reference(named: try ReferenceName(reading: "a b")) == moved)
    try engine.deleteReference(named: try ReferenceName(reading: "a b"))
    #expect(FileManager.default.fileExists(atPath: folder("store/oci-layout")))
  }
}
