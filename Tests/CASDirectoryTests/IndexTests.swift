import CAS
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("References in index.json")
struct IndexTests {
  let folder: Folder
  let engine: any Engine

  init() throws {
    folder = try Folder()
    engine = try folder.store()
  }

  private var file: String { folder("store/index.json") }
  private static let zeros = "sha256:" + String(repeating: "0", count: 64)

  private func entry(_ name: String, size: Int = 1) -> String {
    "{ \"digest\":\"\(Self.zeros)\", \"size\":\(size),\"mediaType\":\"m\","
      + "\"annotations\":{\"org.opencontainers.image.ref.name\":\"\(name)\"}}"
  }

  @Test("D4: entries and members that a change does not concern keep their bytes and order")
  func keepsBytes() throws {
    let odd = "{\"size\" : 1e0, \"x\":[ ]}"
    try write("{ \"manifests\" : [ \(odd) , \(entry("b")),\n\(entry("a"))],\"y\":1.50,\n\"schemaVersion\":2}\n", file)
    try engine.putReference(try descriptor("new"), named: try name("n"))
    let added = String(decoding: try descriptor("new").named(try name("n")).json.serialized, as: UTF8.self)
    #expect(
      try text(file)
        == "{ \"manifests\" : [\(odd),\(entry("b")),\(entry("a")),\(added)],\"y\":1.50,\n\"schemaVersion\":2}\n")
    try engine.deleteReference(named: try name("b"))
    try engine.deleteReference(named: try name("n"))
    #expect(try text(file) == "{ \"manifests\" : [\(odd),\(entry("a"))],\"y\":1.50,\n\"schemaVersion\":2}\n")
    #expect(try names(folder("store")) == ["blobs", "index.json", "oci-layout"])
  }

  @Test("D4: manifests is never null, and the file keeps its mode")
  func neverNull() throws {
    try write("{\"schemaVersion\":2,\"manifests\":null}", file)
    try run("chmod", "640", file)
    #expect(try engine.listReferences().isEmpty)
    try engine.putReference(try descriptor("a"), named: try name("a"))
    try engine.deleteReference(named: try name("a"))
    #expect(try text(file) == "{\"schemaVersion\":2,\"manifests\":[]}")
    #expect(try OpenFile.open(path: file, .readOnly).status().permissions == 0o640)
  }

  @Test("D4: a change that changes nothing writes nothing")
  func noChange() throws {
    try engine.putReference(try descriptor("a"), named: try name("a"))
    let before = try OpenFile.open(path: file, .readOnly).status().identity
    try engine.putReference(try descriptor("a"), named: try name("a"))
    try engine.putReference(try descriptor("a"), named: try name("a"), replacing: true, cancellation: .none)
    try engine.deleteReference(named: try name("absent"))
    #expect(code { try engine.putReference(try descriptor("b"), named: try name("a")) } == .clobber)
    #expect(try OpenFile.open(path: file, .readOnly).status().identity == before)
  }

  @Test("D5: of duplicate names the first counts, a put is clobber, a forced put and a delete take all")
  func duplicates() throws {
    let content = "{\"schemaVersion\":2,\"manifests\":[\(entry("a")),\(entry("b")),\(entry("a", size: 2))]}"
    try write(content, file)
    #expect(try engine.reference(named: try name("a")).size == 1)
    #expect(try engine.listReferences().map(\.name.description) == ["a", "b"])
    let first = try engine.reference(named: try name("a"))
    #expect(code { try engine.putReference(first, named: try name("a")) } == .clobber)
    #expect(try text(file) == content)
    try engine.putReference(first, named: try name("a"), replacing: true, cancellation: .none)
    #expect(try engine.index().entries.map(\.name?.description) == ["a", "b"])
    try write(content, file)
    try engine.deleteReference(named: try name("a"))
    #expect(try engine.index().entries.map(\.name?.description) == ["b"])
  }

  @Test("E9: an absent name is notFound; an entry that is no descriptor is invalid, clobber, and can be replaced")
  func malformedEntry() throws {
    #expect(code { _ = try engine.reference(named: try name("a")) } == .notFound)
    try write(
      "{\"schemaVersion\":2,\"manifests\":[{\"annotations\":{\"org.opencontainers.image.ref.name\":\"a\"}}]}", file)
    #expect(code { _ = try engine.reference(named: try name("a")) } == .invalid)
    #expect(try engine.listReferences().isEmpty)
    #expect(code { try engine.putReference(try descriptor("x"), named: try name("a")) } == .clobber)
    try engine.putReference(try descriptor("x"), named: try name("a"), replacing: true, cancellation: .none)
    #expect(try engine.reference(named: try name("a")) == descriptor("x"))
  }

  @Test("E8: of racing writers of different descriptors exactly one wins")
  func racers() throws {
    for round in 0..<10 {
      let wins = AtomicCounter()
      let target = try name("tag\(round)")
      try concurrently(6) { [folder] worker in
        guard let own = try? open(folder("store")), let mine = try? descriptor("\(round) \(worker)") else { return }
        if (try? own.putReference(mine, named: target)) != nil { wins.add() }
      }
      #expect(wins.count == 1)
    }
    #expect(try engine.listReferences().count == 10)
  }

  @Test("D9: no update is lost, whoever opened the store and how often")
  func noLostUpdate() throws {
    let path = folder("store")
    try concurrently(4) { worker in
      guard let own = try? open(path) else { return }
      for number in 0..<15 {
        guard let mine = try? descriptor("\(number)"), let tag = try? name("t-\(worker)-\(number)") else { return }
        try? own.putReference(mine, named: tag)
        if number % 3 == 0 { try? own.deleteReference(named: tag) }
      }
    }
    #expect(try engine.listReferences().count == 40)
    try run(
      "bash", "-c", #"d=$(echo x | "$1" blob put "$2") && "$1" ref put "$2" other-process $d"#, "bash", Tool.path, path)
    #expect(try engine.reference(named: try name("other-process")).size == 2)
    #expect(try engine.listReferences().count == 41)
    #expect(try names(path) == ["blobs", "index.json", "oci-layout"])
  }

  @Test("D9: other tools' changes are seen at once, also of the same length and time")
  func seesChanges() throws {
    try write("{\"schemaVersion\":2,\"manifests\":[\(entry("a"))]}", file)
    try run("touch", "-d", "1 hour ago", file)
    #expect(try engine.listReferences().map(\.name.description) == ["a"])
    try write("{\"schemaVersion\":2,\"manifests\":[\(entry("b"))]}", file)
    try run("touch", "-d", "1 hour ago", file)
    #expect(try engine.listReferences().map(\.name.description) == ["b"])
  }

  @Test("D9: a torn index is read again until it is whole")
  func torn() throws {
    let content = "{\"schemaVersion\":2,\"manifests\":[\(entry("a"))]}"
    try write(String(content.dropLast(9)), file)
    try concurrently(2) { [folder] worker in
      if worker == 0 {
        Thread.sleep(for: .milliseconds(200))
        try? write(content, folder("store/index.json"))
      } else {
        let own = try? open(folder("store"))
        #expect((try? own?.listReferences().count) == 1)
      }
    }
    try engine.putReference(try descriptor("b"), named: try name("b"))
    #expect(try engine.listReferences().count == 2)
  }

  @Test("D9: an index that stays torn is EIO that says where, and is neither overwritten nor emptied")
  func staysTorn() throws {
    let table = [("", 0), ("{\"schemaVersion\":2,\"manifests\":[", 32), ("{\"manifests\":3}", 13)]
    for (content, place) in table {
      try write(content, file)
      let error = #expect(throws: CASError.self) { _ = try engine.index() }
      #expect(error?.code == .io(.ioError))
      #expect(error?.cause.hasPrefix("index.json: byte \(place): ") == true, "\(String(describing: error))")
      #expect(code { try engine.putReference(try descriptor("b"), named: try name("b")) } == .io(.ioError))
      #expect(try text(file) == content)
    }
    try remove(file)
    #expect(code { _ = try engine.listReferences() } == .io(.ioError))
  }

  @Test("D4: the lock waits for its holder and gives way to cancellation; a lock file serves where flock does not")
  func lock() throws {
    let root = try OpenFile.open(path: folder("store"), [.readOnly, .directory])
    #expect(try root.tryLock(.exclusive))
    let token = CancellationToken()
    let outcome = Monitor<CASError.Code?>(nil)
    try concurrently(2) { [engine] worker in
      if worker == 0 {
        Thread.sleep(for: .milliseconds(50))
        token.cancel()
      } else {
        let result = code {
          try engine.putReference(try descriptor("a"), named: try name("a"), replacing: false, cancellation: token)
        }
        outcome.withLock { $0 = result }
      }
    }
    #expect(outcome.withLock { $0 } == .cancelled)
    try concurrently(2) { [engine] worker in
      if worker == 0 {
        Thread.sleep(for: .milliseconds(50))
        _ = flock(root.rawValue, LOCK_UN)
      } else {
        try? engine.putReference(try descriptor("a"), named: try name("a"))
      }
    }
    #expect(try engine.listReferences().count == 1)
  }
}
