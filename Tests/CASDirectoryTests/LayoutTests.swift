import CAS
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("Opening and creating stores")
struct LayoutTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test("E3: the driver supports paths and dir: URIs, and no other schemes")
  func supports() {
    let driver = DirectoryDriver()
    for uri in ["dir:x", "/a", "a", "./a:b", "a/b:c", "A:b", "9:x", ":x", "dir:"] {
      #expect(driver.supports(uri), "\(uri)")
    }
    for uri in ["mem:", "http://x", "oci+x.y-z:a/b", ""] { #expect(!driver.supports(uri), "\(uri)") }
  }

  @Test("D1: a missing or malformed file makes a store invalid, and the message names it")
  func invalid() throws {
    let marker = "{\"imageLayoutVersion\":\"1.0.0\"}"
    let table: [(broken: String, name: String, says: String)] = [
      ("rm oci-layout", "oci-layout", "oci-layout: not found"),
      ("oci-layout=", "oci-layout", "oci-layout: byte 0"),
      ("oci-layout={\"imageLayoutVersion\":\"2.0.0\"}", "oci-layout", "layout version 2.0.0 is not supported"),
      ("oci-layout={}", "oci-layout", "no imageLayoutVersion"),
      ("rm blobs", "blobs", "blobs: not found"),
      ("blobs=x", "blobs", "blobs: not a directory"),
      ("rm index.json", "index.json", "index.json: not found, and neither is a directory refs"),
      ("index.json={\"schemaVersion\":2,\"manifests\":7}", "index.json", "index.json: byte 31"),
    ]
    for (number, row) in table.enumerated() {
      let path = folder("store\(number)")
      try folder.store("store\(number)").close()
      try removeItem("\(path)/\(row.name)")
      if let equals = row.broken.firstIndex(of: "=") {
        try writeText(String(row.broken[row.broken.index(after: equals)...]), "\(path)/\(row.name)")
      }
      let error = #expect(throws: CASError.self) { _ = try openStore(path) }
      #expect(error?.code == .invalid)
      #expect(error?.description.hasPrefix("open store \(path): ") == true)
      #expect(error?.cause.contains(row.says) == true, "\(String(describing: error))")
    }
    #expect(errorCode { _ = try openStore(folder("absent")) } == .notFound)
    try writeText(marker, folder("file"))
    #expect(errorCode { _ = try openStore(folder("file")) } == .invalid)
    #expect(errorCode { _ = try openStore("dir:") } == .invalid)
    #expect(errorCode { _ = try openStore(folder("a\u{0}b")) } == .invalid)
  }

  @Test("D1: unknown members of oci-layout are accepted; opening and reading write nothing")
  func opensWithoutWriting() throws {
    let path = folder("store")
    try folder.store().close()
    try writeText("{\"x\":[1],\"imageLayoutVersion\":\"1.0.0\"}\n", "\(path)/oci-layout")
    try removeItem("\(path)/blobs/sha256")
    let before = try SystemCommand.expect("find", path, "-printf", "%p %T@ %C@\\n")
    let engine = try openStore(path, OpenOptions(isReadOnly: true))
    #expect(try engine.listBlobs().nextBatch().isEmpty)
    #expect(try engine.listReferences().isEmpty)
    #expect(errorCode { _ = try engine.blobInfo(try Digest.of([])) } == .notFound)
    #expect(!engine.isWritable)
    #expect(errorCode { _ = try engine.putBlob([1]) } == .io(.readOnlyFileSystem))
    #expect(errorCode { _ = try engine.clean() } == .io(.readOnlyFileSystem))
    #expect(errorCode { try engine.deleteBlob(try Digest.of([])) } == .io(.readOnlyFileSystem))
    #expect(
      errorCode { try engine.putReference(try Descriptor.sample("a"), named: try ReferenceName(reading: "a")) }
        == .io(.readOnlyFileSystem))
    #expect(try SystemCommand.expect("find", path, "-printf", "%p %T@ %C@\\n") == before)
  }

  @Test("D1: a missing blobs/sha256 is made by the first put, blobs/sha512 too")
  func makesAlgorithmDirectories() throws {
    let engine = try folder.store()
    try removeItem(folder("store/blobs/sha256"))
    let content = "x".bytes
    #expect(try engine.putBlob(content).digest == Digest.of(content))
    #expect(try engine.putBlob(content, algorithm: .sha512).digest == Digest.of(content, .sha512))
    #expect(try entryNames(folder("store/blobs")) == ["sha256", "sha512"])
    var listed: [Digest] = []
    try engine.forEachBlob { (digest) in listed.append(digest) }
    #expect(try listed == [Digest.of(content), Digest.of(content, .sha512)])
  }

  @Test("D1: a store is opened through links and with a relative or dir: path; the URI is absolute")
  func opensByEveryName() throws {
    let engine = try folder.store()
    try makeSymbolicLink(folder("link"), to: folder("store"))
    #expect(try openStore(folder("link")).uri == engine.uri)
    #expect(try openStore("dir:" + folder("link/")).uri == engine.uri)
    #expect(engine.uri == "dir:" + folder("store"))
  }

  @Test("D1: index.json wins over a refs directory")
  func indexWins() throws {
    let engine = try folder.store()
    try FileManager.default.createDirectory(atPath: folder("store/refs"), withIntermediateDirectories: false)
    try writeText(try Descriptor.sample("old").description, folder("store/refs/old"))
    #expect(try openStore(folder("store")).listReferences().isEmpty)
    try engine.putReference(try Descriptor.sample("new"), named: try ReferenceName(reading: "new"))
    #expect(try openStore(folder("store")).listReferences().map(\.name.description) == ["new"])
    #expect(try entryNames(folder("store/refs")) == ["old"])
  }

  @Test("D2: create makes parents and a store of either layout, and leaves nothing else")
  func creates() throws {
    for layout in DirectoryLayout.allCases {
      let path = folder("a/b/\(layout)")
      let engine = try DirectoryDriver(creating: layout).create(path + "/", options: CreateOptions())
      #expect(
        try entryNames(path)
          == (layout == .index ? ["blobs", "index.json", "oci-layout"] : ["blobs", "oci-layout", "refs"]))
      #expect(engine.isWritable && engine.driverName == "dir")
    }
    #expect(try entryNames(folder("a/b")) == ["index", "refs"])
  }

  @Test("D2: create rejects a path that exists, and leaves it unchanged")
  func refusesWhatExists() throws {
    try writeText("x", folder("file"))
    try makeSymbolicLink(folder("dangling"), to: folder("nowhere"))
    try FileManager.default.createDirectory(atPath: folder("empty"), withIntermediateDirectories: false)
    for path in ["file", "dangling", "empty", "empty/.", "empty/..", ""] {
      let error = #expect(throws: CASError.self) { _ = try folder.store(path) }
      #expect(error?.code == .clobber, "\(path)")
      #expect(error?.cause == "the path already exists")
    }
    #expect(try entryNames(folder.path) == ["dangling", "empty", "file"])
    #expect(try entryNames(folder("empty")).isEmpty)
    #expect(errorCode { _ = try folder.store("file/x") } == .io(.notDirectory))
  }

  @Test("D2: exactly one of concurrent creators of one path succeeds")
  func racesToCreate() throws {
    let made = AtomicCounter()
    try onThreads(8) { [folder] _ in
      if (try? folder.store("raced")) != nil { made.add() }
    }
    #expect(made.count == 1)
    #expect(try entryNames(folder.path) == ["raced"])
  }

  @Test("E13: close is idempotent, and every operation fails afterwards")
  func closes() throws {
    let engine = try #require(try folder.store() as? DirectoryEngine)
    let blob = try engine.putBlob("x".bytes)
    let reader = try engine.openBlob(blob.digest)
    let stage = try engine.stageBlob()
    let listing = try engine.listBlobs()
    engine.close()
    engine.close()
    let operations: [() throws -> Void] = [
      { _ = try engine.openBlob(blob.digest) }, { _ = try engine.blobInfo(blob.digest) },
      { _ = try engine.stageBlob() },
      { _ = try engine.listBlobs() }, { _ = try engine.index() }, { _ = try engine.listReferences() },
      { try engine.deleteBlob(blob.digest) }, { _ = try engine.reference(named: try ReferenceName(reading: "x")) },
      { try engine.putReference(try Descriptor.sample("x"), named: try ReferenceName(reading: "x")) },
      { _ = try engine.clean() },
      { try engine.deleteReference(named: try ReferenceName(reading: "x")) }, { _ = try engine.space() },
      { try stage.write("x".bytes.span, at: 0) }, { _ = try stage.commit(expecting: .init(), cancellation: .none) },
      { _ = try listing.nextBatch() },
    ]
    for operation in operations { #expect(errorCode(operation) == .closed) }
    var content: [UInt8] = [0, 0]
    var span = content.mutableSpan
    #expect(try reader.read(into: &span, at: 0) == 1)
  }

  @Test("D9: opening waits while another tool rewrites oci-layout")
  func beingMarked() throws {
    _ = try folder.store("torn")
    let marker = folder("torn") + "/oci-layout"
    let content = try String(contentsOfFile: marker, encoding: .utf8)
    try writeText("", marker)
    try onThreads(2) { worker in
      if worker == 0 {
        Thread.sleep(forTimeInterval: 0.1)
        try? writeText(content, marker)
      } else {
        #expect(throws: Never.self) { try openStore(folder("torn")) }
      }
    }
    try writeText("{", marker)
    #expect(errorCode { _ = try openStore(folder("torn")) } == .invalid)
  }
}
