import CAS
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("Opening and making stores")
struct LayoutTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
  }

  @Test("E3: paths and dir: URIs are the driver's, other schemes are not")
  func supports() {
    let driver = DirectoryDriver()
    for uri in ["dir:x", "/a", "a", "./a:b", "a/b:c", "A:b", "9:x", ":x", "dir:"] {
      #expect(driver.supports(uri), "\(uri)")
    }
    for uri in ["mem:", "http://x", "oci+x.y-z:a/b", ""] { #expect(!driver.supports(uri), "\(uri)") }
  }

  @Test("D1: each missing or wrong file is invalid, and the message names it")
  func invalid() throws {
    let marker = "{\"imageLayoutVersion\":\"1.0.0\"}"
    let table: [(broken: String, name: String, says: String)] = [
      ("rm oci-layout", "oci-layout", "oci-layout: it is not there"),
      ("oci-layout=", "oci-layout", "oci-layout: byte 0"),
      ("oci-layout={\"imageLayoutVersion\":\"2.0.0\"}", "oci-layout", "layout version 2.0.0 is not supported"),
      ("oci-layout={}", "oci-layout", "it has no imageLayoutVersion"),
      ("rm blobs", "blobs", "blobs: it is not there"),
      ("blobs=x", "blobs", "blobs: it is not a directory"),
      ("rm index.json", "index.json", "index.json: neither it nor a directory refs is there"),
      ("index.json={\"schemaVersion\":2,\"manifests\":7}", "index.json", "index.json: byte 31"),
    ]
    for (number, row) in table.enumerated() {
      let path = folder("store\(number)")
      try folder.store("store\(number)").close()
      try remove("\(path)/\(row.name)")
      if let equals = row.broken.firstIndex(of: "=") {
        try write(String(row.broken[row.broken.index(after: equals)...]), "\(path)/\(row.name)")
      }
      let error = #expect(throws: CASError.self) { _ = try open(path) }
      #expect(error?.code == .invalid)
      #expect(error?.description.hasPrefix("open store \(path): ") == true)
      #expect(error?.cause.contains(row.says) == true, "\(String(describing: error))")
    }
    #expect(code { _ = try open(folder("absent")) } == .notFound)
    try write(marker, folder("file"))
    #expect(code { _ = try open(folder("file")) } == .invalid)
    #expect(code { _ = try open("dir:") } == .invalid)
    #expect(code { _ = try open(folder("a\u{0}b")) } == .invalid)
  }

  @Test("D1: unknown members of oci-layout pass; opening and reading write nothing")
  func opensWithoutWriting() throws {
    let path = folder("store")
    try folder.store().close()
    try write("{\"x\":[1],\"imageLayoutVersion\":\"1.0.0\"}\n", "\(path)/oci-layout")
    try remove("\(path)/blobs/sha256")
    let before = try run("find", path, "-printf", "%p %T@ %C@\\n")
    let engine = try open(path, OpenOptions(isReadOnly: true))
    #expect(try engine.listBlobs().nextBatch().isEmpty)
    #expect(try engine.listReferences().isEmpty)
    #expect(code { _ = try engine.blobInfo(try digest([])) } == .notFound)
    #expect(!engine.isWritable)
    #expect(code { _ = try engine.putBlob([1]) } == .io(.readOnlyFileSystem))
    #expect(code { _ = try engine.clean() } == .io(.readOnlyFileSystem))
    #expect(code { try engine.deleteBlob(try digest([])) } == .io(.readOnlyFileSystem))
    #expect(code { try engine.putReference(try descriptor("a"), named: try name("a")) } == .io(.readOnlyFileSystem))
    #expect(try run("find", path, "-printf", "%p %T@ %C@\\n") == before)
  }

  @Test("D1: a missing blobs/sha256 is made by the first put, blobs/sha512 too")
  func makesAlgorithmDirectories() throws {
    let engine = try folder.store()
    try remove(folder("store/blobs/sha256"))
    let content = bytes("x")
    #expect(try engine.putBlob(content).digest == digest(content))
    #expect(try engine.putBlob(content, algorithm: .sha512).digest == digest(content, .sha512))
    #expect(try names(folder("store/blobs")) == ["sha256", "sha512"])
    var listed: [Digest] = []
    try engine.forEachBlob { (digest) in listed.append(digest) }
    #expect(try listed == [digest(content), digest(content, .sha512)])
  }

  @Test("D1: a store is opened through links and with a relative or dir: path; the URI is absolute")
  func opensByEveryName() throws {
    let engine = try folder.store()
    try link(folder("link"), to: folder("store"))
    #expect(try open(folder("link")).uri == engine.uri)
    #expect(try open("dir:" + folder("link/")).uri == engine.uri)
    #expect(engine.uri == "dir:" + folder("store"))
  }

  @Test("D1: index.json wins where refs is there too")
  func indexWins() throws {
    let engine = try folder.store()
    try FileManager.default.createDirectory(atPath: folder("store/refs"), withIntermediateDirectories: false)
    try write(try descriptor("old").description, folder("store/refs/old"))
    #expect(try open(folder("store")).listReferences().isEmpty)
    try engine.putReference(try descriptor("new"), named: try name("new"))
    #expect(try open(folder("store")).listReferences().map(\.name.description) == ["new"])
    #expect(try names(folder("store/refs")) == ["old"])
  }

  @Test("D2: creating makes parents and a store of either layout, and leaves nothing else")
  func creates() throws {
    for layout in DirectoryLayout.allCases {
      let path = folder("a/b/\(layout)")
      let engine = try DirectoryDriver(creating: layout).create(path + "/", options: CreateOptions())
      #expect(
        try names(path)
          == (layout == .index ? ["blobs", "index.json", "oci-layout"] : ["blobs", "oci-layout", "refs"]))
      #expect(engine.isWritable && engine.driverName == "dir")
    }
    #expect(try names(folder("a/b")) == ["index", "refs"])
  }

  @Test("D2: a path that exists in any way is refused and left alone")
  func refusesWhatExists() throws {
    try write("x", folder("file"))
    try link(folder("dangling"), to: folder("nowhere"))
    try FileManager.default.createDirectory(atPath: folder("empty"), withIntermediateDirectories: false)
    for path in ["file", "dangling", "empty", "empty/.", "empty/..", ""] {
      let error = #expect(throws: CASError.self) { _ = try folder.store(path) }
      #expect(error?.code == .clobber, "\(path)")
      #expect(error?.cause == "it exists already")
    }
    #expect(try names(folder.path) == ["dangling", "empty", "file"])
    #expect(try names(folder("empty")).isEmpty)
    #expect(code { _ = try folder.store("file/x") } == .io(.notDirectory))
  }

  @Test("D2: of many who create one path at once exactly one does")
  func racesToCreate() throws {
    let made = AtomicCounter()
    try concurrently(8) { [folder] _ in
      if (try? folder.store("raced")) != nil { made.add() }
    }
    #expect(made.count == 1)
    #expect(try names(folder.path) == ["raced"])
  }

  @Test("E13: closing twice is closing once, and every operation fails afterwards")
  func closes() throws {
    let engine = try #require(try folder.store() as? DirectoryEngine)
    let blob = try engine.putBlob(bytes("x"))
    let reader = try engine.openBlob(blob.digest)
    let stage = try engine.stageBlob()
    let listing = try engine.listBlobs()
    engine.close()
    engine.close()
    let operations: [() throws -> Void] = [
      { _ = try engine.openBlob(blob.digest) }, { _ = try engine.blobInfo(blob.digest) },
      { _ = try engine.stageBlob() },
      { _ = try engine.listBlobs() }, { _ = try engine.index() }, { _ = try engine.listReferences() },
      { try engine.deleteBlob(blob.digest) }, { _ = try engine.reference(named: try name("x")) },
      { try engine.putReference(try descriptor("x"), named: try name("x")) }, { _ = try engine.clean() },
      { try engine.deleteReference(named: try name("x")) }, { _ = try engine.space() },
      { try stage.write(bytes("x").span, at: 0) }, { _ = try stage.commit(expecting: .init(), cancellation: .none) },
      { _ = try listing.nextBatch() },
    ]
    for operation in operations { #expect(code(operation) == .closed) }
    var content: [UInt8] = [0, 0]
    var span = content.mutableSpan
    #expect(try reader.read(into: &span, at: 0) == 1)
  }

  @Test("D9: an oci-layout that another tool is writing again is waited for")
  func beingMarked() throws {
    _ = try folder.store("torn")
    let marker = folder("torn") + "/oci-layout"
    let content = try String(contentsOfFile: marker, encoding: .utf8)
    try write("", marker)
    try concurrently(2) { worker in
      if worker == 0 {
        Thread.sleep(forTimeInterval: 0.1)
        try? write(content, marker)
      } else {
        #expect(throws: Never.self) { try open(folder("torn")) }
      }
    }
    try write("{", marker)
    #expect(code { _ = try open(folder("torn")) } == .invalid)
  }
}
