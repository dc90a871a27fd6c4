import CAS
import CASPlatform
import Foundation
import Glibc
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("References in index.json")
struct IndexTests {
  let folder: TemporaryFolder
  let engine: any Engine

  init() throws {
    folder = try TemporaryFolder()
    engine = try folder.store()
  }

  private var file: String { folder("store/index.json") }
  private static let zeros = "sha256:" + String(repeating: "0", count: 64)

  private func entry(_ name: String, size: Int = 1) -> String {
    "{ \"digest\":\"\(Self.zeros)\", \"size\":\(size),\"mediaType\":\"m\","
      + "\"annotations\":{\"org.opencontainers.image.ref.name\":\"\(name)\"}}"
  }

  @Test("D4: a change keeps the bytes and order of other entries and members")
  func keepsBytes() throws {
    let odd = "{\"size\" : 1e0, \"x\":[ ]}"
    try writeText(
      "{ \"manifests\" : [ \(odd) , \(entry("b")),\n\(entry("a"))],\"y\":1.50,\n\"schemaVersion\":2}\n", file)
    try engine.putReference(try Descriptor.sample("new"), named: try ReferenceName(reading: "n"))
    let added = String(
      decoding: try Descriptor.sample("new").named(try ReferenceName(reading: "n")).json.serialized, as: UTF8.self)
    #expect(
      try readText(file)
        == "{ \"manifests\" : [\(odd) , \(entry("b")),\n\(entry("a")),\(added)],\"y\":1.50,\n\"schemaVersion\":2}\n")
    try engine.deleteReference(named: try ReferenceName(reading: "b"))
    try engine.deleteReference(named: try ReferenceName(reading: "n"))
    #expect(try readText(file) == "{ \"manifests\" : [\(odd),\(entry("a"))],\"y\":1.50,\n\"schemaVersion\":2}\n")
    #expect(try entryNames(folder("store")) == ["blobs", "index.json", "oci-layout"])
  }

  @Test("D4: entries of any length keep their bytes", arguments: 0..<10)
  func lengths(_ seed: Int) throws {
    var generator = SeededGenerator(UInt64(seed))
    let entries = (0..<30).map { (number) in
      let length = [1, 1000, 65_000, 70_000, 200_000].randomElement(using: &generator) ?? 1
      return entry("n\(number)").dropLast() + ",\"data\":\"\(String(repeating: "A", count: length / 4 * 4))\"}"
    }
    try writeText("{\"manifests\":[\(entries.joined(separator: " ,"))]}", file)
    for number in (0..<30).shuffled(using: &generator).prefix(12) {
      let name = try ReferenceName(reading: "n\(number)")
      let expected = try ImageIndex(parsing: Array(readText(file).utf8)).removing(name)
      try engine.deleteReference(named: name)
      #expect(try Array(readText(file).utf8) == expected)
    }
  }

  @Test("D4: manifests is never null, and the file keeps its mode")
  func neverNull() throws {
    try writeText("{\"schemaVersion\":2,\"manifests\":null}", file)
    try SystemCommand.expect("chmod", "640", file)
    #expect(try engine.listReferences().isEmpty)
    try engine.putReference(try Descriptor.sample("a"), named: try ReferenceName(reading: "a"))
    try engine.deleteReference(named: try ReferenceName(reading: "a"))
    #expect(try readText(file) == "{\"schemaVersion\":2,\"manifests\":[]}")
    #expect(try OpenFile.open(path: file, .readOnly).status().permissions == 0o640)
  }

  @Test("D9: a change through a mapping to memory is read, though the times of the file stay the same")
  func mapped() throws {
    func names() throws -> [String] { try engine.listReferences().map(\.name.description) }
    // The second change of a process finds out whether times can be trusted.
    try engine.putReference(try Descriptor.sample("a"), named: try ReferenceName(reading: "other"))
    try engine.deleteReference(named: try ReferenceName(reading: "other"))
    try engine.putReference(try Descriptor.sample("a"), named: try ReferenceName(reading: "a"))
    let text = Array(try readText(file).utf8)
    let place = try #require(text.firstRange(of: "\"a\"".utf8)).lowerBound + 1
    let descriptor = try OpenFile.open(path: file, .readWrite)
    let mapping = unsafe mmap(nil, text.count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.rawValue, 0)
    try #require(unsafe mapping != MAP_FAILED)
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: mapping, count: text.count)
    defer { unsafe munmap(mapping, text.count) }
    for name in ["b", "c", "d"] {
      unsafe bytes[place] = name.utf8.first ?? 0
      #expect(try names() == [name])
      #expect(try names() == [name])
    }
  }

  @Test("D9: where changes are told apart, each one after a look at the file has a time of its own")
  func changeTimes() throws {
    let root = try OpenFile.open(path: folder("store"), [.readOnly, .directory])
    guard root.tellsChangesApart() else { return }
    var times = Set<Timestamp>()
    for _ in 0..<200 {
      try writeText("{}", file)
      times.insert(try root.status(of: "index.json").identity.changed)
    }
    #expect(times.count == 200)
  }

  @Test("D9: a change in place by another tool is read if the index keeps its length, also after a change here")
  func sameLength() throws {
    func names() throws -> [String] { try engine.listReferences().map(\.name.description) }
    func rename(_ name: String, _ other: String) throws {
      try writeText(readText(file).replacingOccurrences(of: "\"\(name)\"", with: "\"\(other)\""), file)
    }
    try engine.putReference(try Descriptor.sample("a"), named: try ReferenceName(reading: "a"))
    try rename("a", "b")
    #expect(try names() == ["b"])
    try rename("b", "c")
    try engine.putReference(try Descriptor.sample("d"), named: try ReferenceName(reading: "d"))
    #expect(try names() == ["c", "d"])
    try engine.moveReference(
      named: try ReferenceName(reading: "d"), to: try ReferenceName(reading: "e"), replacing: false, cancellation: .none
    )
    #expect(try names() == ["c", "e"])
    try rename("c", "f")
    #expect(try names() == ["f", "e"])
  }

  @Test("D4: a change without effect writes nothing")
  func noChange() throws {
    try engine.putReference(try Descriptor.sample("a"), named: try ReferenceName(reading: "a"))
    let before = try OpenFile.open(path: file, .readOnly).status().identity
    try engine.putReference(try Descriptor.sample("a"), named: try ReferenceName(reading: "a"))
    try engine.putReference(
      try Descriptor.sample("a"), named: try ReferenceName(reading: "a"), replacing: true, cancellation: .none)
    try engine.deleteReference(named: try ReferenceName(reading: "absent"))
    #expect(
      errorCode { try engine.putReference(try Descriptor.sample("b"), named: try ReferenceName(reading: "a")) }
        == .clobber)
    #expect(try OpenFile.open(path: file, .readOnly).status().identity == before)
  }

  @Test("D5: the first of duplicate names counts; a put is clobber; a forced put and a delete remove all")
  func duplicates() throws {
    let content = "{\"schemaVersion\":2,\"manifests\":[\(entry("a")),\(entry("b")),\(entry("a", size: 2))]}"
    try writeText(content, file)
    #expect(try engine.reference(named: try ReferenceName(reading: "a")).size == 1)
    #expect(try engine.listReferences().map(\.name.description) == ["a", "b"])
    let first = try engine.reference(named: try ReferenceName(reading: "a"))
    #expect(errorCode { try engine.putReference(first, named: try ReferenceName(reading: "a")) } == .clobber)
    #expect(try readText(file) == content)
    try engine.putReference(first, named: try ReferenceName(reading: "a"), replacing: true, cancellation: .none)
    #expect(try engine.index().entries.map(\.name?.description) == ["a", "b"])
    try writeText(content, file)
    try engine.deleteReference(named: try ReferenceName(reading: "a"))
    #expect(try engine.index().entries.map(\.name?.description) == ["b"])
  }

  @Test("E9: an absent name is notFound; a malformed entry is invalid, clobber for a put, and replaceable")
  func malformedEntry() throws {
    #expect(errorCode { _ = try engine.reference(named: try ReferenceName(reading: "a")) } == .notFound)
    try writeText(
      "{\"schemaVersion\":2,\"manifests\":[{\"annotations\":{\"org.opencontainers.image.ref.name\":\"a\"}}]}", file)
    #expect(errorCode { _ = try engine.reference(named: try ReferenceName(reading: "a")) } == .invalid)
    #expect(try engine.listReferences().isEmpty)
    #expect(
      errorCode { try engine.putReference(try Descriptor.sample("x"), named: try ReferenceName(reading: "a")) }
        == .clobber)
    try engine.putReference(
      try Descriptor.sample("x"), named: try ReferenceName(reading: "a"), replacing: true, cancellation: .none)
    #expect(try engine.reference(named: try ReferenceName(reading: "a")) == Descriptor.sample("x"))
  }

  @Test("D9: concurrent writers lose no update, with any number of openings and processes")
  func noLostUpdate() throws {
    let path = folder("store")
    try onThreads(4) { worker in
      guard let own = try? openStore(path) else { return }
      for number in 0..<15 {
        guard let mine = try? Descriptor.sample("\(number)"),
          let tag = try? ReferenceName(reading: "t-\(worker)-\(number)")
        else { return }
        try? own.putReference(mine, named: tag)
        if number % 3 == 0 { try? own.deleteReference(named: tag) }
      }
    }
    #expect(try engine.listReferences().count == 40)
    try SystemCommand.expect(
      "bash", "-c", #"d=$(echo x | "$1" blob put "$2") && "$1" ref put "$2" other-process $d"#, "bash", Casfs.path, path
    )
    #expect(try engine.reference(named: try ReferenceName(reading: "other-process")).size == 2)
    #expect(try engine.listReferences().count == 41)
    #expect(try entryNames(path) == ["blobs", "index.json", "oci-layout"])
  }

  @Test("D9: a change by another tool is seen immediately, also with the same length and time")
  func seesChanges() throws {
    try writeText("{\"schemaVersion\":2,\"manifests\":[\(entry("a"))]}", file)
    try SystemCommand.expect("touch", "-d", "1 hour ago", file)
    #expect(try engine.listReferences().map(\.name.description) == ["a"])
    try writeText("{\"schemaVersion\":2,\"manifests\":[\(entry("b"))]}", file)
    try SystemCommand.expect("touch", "-d", "1 hour ago", file)
    #expect(try engine.listReferences().map(\.name.description) == ["b"])
  }

  @Test("D9: a torn index is read again until it is complete")
  func torn() throws {
    let content = "{\"schemaVersion\":2,\"manifests\":[\(entry("a"))]}"
    try writeText(String(content.dropLast(9)), file)
    try onThreads(2) { [folder] worker in
      if worker == 0 {
        Thread.sleep(for: .milliseconds(200))
        try? writeText(content, folder("store/index.json"))
      } else {
        let own = try? openStore(folder("store"))
        #expect((try? own?.listReferences().count) == 1)
      }
    }
    try engine.putReference(try Descriptor.sample("b"), named: try ReferenceName(reading: "b"))
    #expect(try engine.listReferences().count == 2)
  }

  @Test("D9: an index that stays torn is EIO with the position, and is neither overwritten nor emptied")
  func staysTorn() throws {
    let table = [("", 0), ("{\"schemaVersion\":2,\"manifests\":[", 32), ("{\"manifests\":3}", 13)]
    for (content, place) in table {
      try writeText(content, file)
      let error = #expect(throws: CASError.self) { _ = try engine.index() }
      #expect(error?.code == .io(.ioError))
      #expect(error?.cause.hasPrefix("index.json: byte \(place): ") == true, "\(String(describing: error))")
      #expect(
        errorCode { try engine.putReference(try Descriptor.sample("b"), named: try ReferenceName(reading: "b")) }
          == .io(.ioError))
      #expect(try readText(file) == content)
    }
    try removeItem(file)
    #expect(errorCode { _ = try engine.listReferences() } == .io(.ioError))
  }

  @Test(
    "D4: a writer waits for the lock until it is released or the operation cancelled; a lock file replaces flock(2)")
  func lock() throws {
    let root = try OpenFile.open(path: folder("store"), [.readOnly, .directory])
    // Between fork and exec, a process that another test starts has a copy of the descriptor of an earlier lock.
    #expect(flock(root.rawValue, LOCK_EX) == 0)
    let token = CancellationToken()
    let outcome = Monitor<CASError.Code?>(nil)
    try onThreads(2) { [engine] worker in
      if worker == 0 {
        Thread.sleep(for: .milliseconds(50))
        token.cancel()
      } else {
        let result = errorCode {
          try engine.putReference(
            try Descriptor.sample("a"), named: try ReferenceName(reading: "a"), replacing: false, cancellation: token)
        }
        outcome.withLock { $0 = result }
      }
    }
    #expect(outcome.withLock { $0 } == .cancelled)
    try onThreads(2) { [engine] worker in
      if worker == 0 {
        Thread.sleep(for: .milliseconds(50))
        _ = flock(root.rawValue, LOCK_UN)
      } else {
        try? engine.putReference(try Descriptor.sample("a"), named: try ReferenceName(reading: "a"))
      }
    }
    #expect(try engine.listReferences().count == 1)
  }
}
