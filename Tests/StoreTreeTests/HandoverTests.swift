import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// The state of open files between two programs of one process.
@Suite struct HandoverTests {
  /// The next tree, which has the state of another one as bytes.
  private func next(after tree: TestTree) throws -> TestTree {
    let handover = try tree.tree.handover()
    let copies = try handover.files.map { try $0.duplicate() }
    var numbers = copies[...]
    let read = try Handover(decoding: handover.encoded) { _ in numbers.removeFirst() }
    #expect(read.content == handover.content)
    let next = TestTree(after: tree, taking: read)
    #expect(next.log.messages == [])
    return next
  }

  private func readIndex(_ tree: TestTree, by caller: Int32) throws {
    let file = try tree.open("index.json", by: caller)
    _ = try tree.read(file)
    try tree.release(file)
  }

  @Test("S3: files that are being written go on: new ones, copies of blobs, promises, scratch and unlinked files")
  func writers() throws {
    let first = try TestTree(.directory)
    let new = try first.create("incoming/new")
    try first.write(new, "hel")
    try first.save("incoming/old", "before")
    let old = try first.open("incoming/old", writing: true)
    try first.write(old, "B")
    let promised = try first.create(first.blobPath(digest("promise")))
    try first.write(promised, "prom")
    let scratch = try first.create("oci-put-blob1")
    try first.write(scratch, "scra")
    let unlinked = try first.create("incoming/unlinked")
    try first.write(unlinked, "unlinked")
    try first.remove("incoming/unlinked")
    let started = try first.create("incoming/started")
    try first.makeDirectory(".umoci-1")
    let second = try next(after: first)
    let third = try next(after: second)
    try third.write(new, "lo", at: 3)
    try third.write(promised, "ise", at: 4)
    try third.write(scratch, "tch", at: 4)
    #expect(try third.read(unlinked) == "unlinked")
    #expect(try third.tree.attributes(of: unlinked.node, third.context()).links == 0)
    #expect(try third.lookup("incoming/new").node == new.node)
    #expect(try third.names(".umoci-1") == [])
    for file in [new, old, promised, started, unlinked] {
      try third.close(file)
      try third.release(file)
    }
    try third.rename("oci-put-blob1", to: third.blobPath(digest("scratch")))
    for text in ["hello", "Before", "promise", "scratch", "before"] { #expect(try third.isStored(text), "\(text)") }
    #expect(try third.read("incoming/new") == "hello")
    #expect(try third.read("incoming/old") == "Before")
    #expect(try third.read("incoming/started") == "")
    try third.close(scratch)
    try third.release(scratch)
    #expect(third.tree.status.openFiles == 0)
  }

  @Test("S3: a failure of a writer stays the error of its next calls")
  func failure() throws {
    let first = try TestTree(.directory)
    let file = try first.create("incoming/\(digest("expected").hex)")
    try first.write(file, "other")
    #expect(throws: Errno.badMessage) { try first.close(file) }
    first.duplicate(file)
    let second = try next(after: first)
    #expect(throws: Errno.badMessage) { try second.close(file) }
    try second.release(file)
    #expect(try second.blobCount() == 0)
  }

  @Test("S3: readers keep blobs that are deleted, old references and old versions of the index")
  func readers() throws {
    let first = try TestTree(.directory)
    let (blob, other) = (try first.put("content"), try first.put("other"))
    try first.engine.putReference(try first.engine.descriptor(for: blob), named: ReferenceName("a"))
    let open = try first.open(first.blobPath(blob))
    let alias: TestFile
    try first.save("incoming/alias", "aliased")
    alias = try first.open("incoming/alias")
    let reference = try first.open("refs/a")
    let index = try first.open("index.json")
    let texts = (try first.read(reference), try first.read(index))
    try first.engine.putReference(
      try first.engine.descriptor(for: other), named: ReferenceName("a"), replacing: true, cancellation: .none)
    try first.engine.deleteBlob(blob)
    try first.engine.deleteBlob(digest("aliased"))
    let second = try next(after: first)
    #expect(try second.read(open) == "content")
    #expect(try second.tree.attributes(of: open.node, second.context()).size == 7)
    #expect(try second.read(alias) == "aliased")
    #expect(try second.read(reference) == texts.0)
    #expect(try second.read(index) == texts.1)
    for file in [open, alias, reference, index] { try second.release(file) }
    #expect(second.tree.status.openFiles == 0)
  }

  @Test("S3: the index that a process has read is the base of the one that it writes, and half of a text becomes whole")
  func index() throws {
    let first = try TestTree(.directory)
    let blob = try first.put("content")
    for name in ["a", "b"] {
      try first.engine.putReference(try first.engine.descriptor(for: blob), named: ReferenceName(name))
    }
    let served = try first.read("index.json")
    // Versions between are there as differences.
    try first.engine.putReference(try first.engine.descriptor(for: blob), named: ReferenceName("c"))
    try readIndex(first, by: .other)
    var index = try JSON(parsing: Array(served.utf8))
    guard case .object(var members) = index, let place = members.firstIndex(where: { $0.name == "manifests" }),
      case .array(let entries) = members[place].value
    else { throw TestFailure("no index: \(served)") }
    members[place] = JSON.Member(
      "manifests", .array(entries.filter { $0["annotations"]?["org.opencontainers.image.ref.name"]?.text != "a" }))
    index = .object(members)
    let text = String(decoding: index.serialized, as: UTF8.self)
    let writer = try first.open("index.json", writing: true, truncating: true)
    try first.write(writer, String(text.prefix(50)))
    try first.makeDirectory("refs/made")
    let tag = try first.create("refs/made/tag")
    try first.write(tag, String(blob.description.prefix(20)))
    let second = try next(after: try next(after: first))
    try second.write(writer, String(text.dropFirst(50)), at: 50)
    try second.close(writer)
    try second.write(tag, blob.description.dropFirst(20) + "\n", at: 20)
    try second.close(tag)
    for file in [writer, tag] { try second.release(file) }
    #expect(try second.names("refs") == ["b", "c", "made"])
    #expect(try second.names("refs/made") == ["tag"])
    #expect(second.counter("merges") == 1)
  }

  @Test("S3: the removals of tools wait for their index in the next program too")
  func removals() throws {
    let first = try TestTree(.directory)
    let blob = try first.put("content")
    _ = try first.read("index.json")
    try readIndex(first, by: .other)
    try first.remove(first.blobPath(blob))
    let second = try next(after: first)
    #expect(!second.exists(second.blobPath(blob)))
    #expect(try second.lookup(second.blobPath(blob), second.context(.other)).attributes.size == 7)
  }

  @Test("S3: a state that is damaged at any place is refused as a whole")
  func damaged() throws {
    let first = try TestTree(.directory)
    let file = try first.create("incoming/f")
    try first.write(file, "half")
    let encoded = try first.tree.handover().encoded
    for place in encoded.indices {
      for change in [0x01, 0x80, 0xFF] as [UInt8] {
        var damaged = encoded
        damaged[place] ^= change
        #expect(throws: Errno.badMessage) {
          try Handover(decoding: damaged) { _ in OpenFile(owning: -1) }
        }
      }
      #expect(throws: Errno.badMessage) {
        try Handover(decoding: Array(encoded[..<place])) { _ in OpenFile(owning: -1) }
      }
    }
    try first.close(file)
    try first.release(file)
  }

  @Test("S3: a state of another form is taken as a whole or not at all, and never a trap")
  func malformed() throws {
    let first = try TestTree(.directory)
    let blob = try first.put("content")
    try first.engine.putReference(try first.engine.descriptor(for: blob), named: ReferenceName("a"))
    let files = [
      try first.create("incoming/f"), try first.create("oci-put-blob1"), try first.open(first.blobPath(blob)),
      try first.open("index.json"), try first.open("index.json", writing: true), try first.open("refs/a"),
      try first.open("refs/a", writing: true), try first.open("oci-layout", writing: true),
    ]
    try first.write(files[0], "half")
    try first.makeDirectory("refs/made")
    try first.makeDirectory(".umoci-1")
    let handover = try first.tree.handover()
    for place in handover.content.indices {
      for change in [0x01, 0x7F, 0x80, 0xFF] as [UInt8] {
        var content = handover.content
        content[place] ^= change
        let log = TestLog()
        let tree = Tree(
          first.engine, options: TreeOptions(user: 0, group: 0), logger: Logger(label: "test") { _ in log },
          processes: first.processes,
          handover: Handover(content: content, files: try handover.files.map { try $0.duplicate() }))
        #expect(log.messages.isEmpty || tree.status.openFiles == 0)
      }
    }
    for file in files {
      try? first.close(file)
      try first.release(file)
    }
  }
}
