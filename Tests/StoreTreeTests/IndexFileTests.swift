import CAS
import CASPlatform
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// Writes of `index.json`, as tools make them.
@Suite struct IndexFileTests {
  /// A tree whose index has the names and the blobs of their digits.
  private func tree(
    _ names: String, _ kind: TestStoreKind = .memory, options: (inout TreeOptions) -> Void = { _ in }
  ) throws -> TestTree {
    let tree = try TestTree(kind, options: options)
    for entry in names.split(separator: " ") { try tree.tag(String(entry)) }
    return tree
  }

  @Test(
    "W2, W3: an addition by another writer since the read stays, in place or by rename",
    arguments: TestStoreKind.allCases, [true, false])
  func addition(_ kind: TestStoreKind, inPlace: Bool) throws {
    let tree = try tree("a=1", kind)
    let read = try tree.readIndex(by: .opener)
    try tree.tag("b=2")
    try tree.writeIndex(read.adding("c=3"), inPlace: inPlace)
    #expect(try tree.tags() == "a=1 b=2 c=3")
  }

  @Test(
    "W2, W3: a name that the writer left away is deleted, one that another writer added is not",
    arguments: TestStoreKind.allCases)
  func deletion(_ kind: TestStoreKind) throws {
    let tree = try tree("a=1 b=2", kind)
    let read = try tree.readIndex(by: .opener)
    try tree.tag("c=3")
    try tree.writeIndex(read.removing("a=1"))
    #expect(try tree.tags() == "b=2 c=3")
  }

  @Test("W3: the stamp is served, and never reaches the store")
  func stamp() throws {
    let tree = try tree("a=1", .directory)
    let read = try tree.readIndex(by: .opener)
    #expect(read.text.contains(IndexStamp.key))
    try tree.writeIndex(read.adding("b=2"))
    #expect(!(String(decoding: try tree.engine.index().content, as: UTF8.self)).contains(IndexStamp.key))
    #expect(try tree.readIndex(by: .child).text != read.text)
  }

  @Test("W3: without a stamp, or with an unknown one, nothing is deleted", arguments: ["", "1.1"])
  func unknownStamp(_ stamp: String) throws {
    let tree = try tree("a=1 b=2")
    let annotations = stamp.isEmpty ? "" : #","annotations":{"\#(IndexStamp.key)":"\#(stamp)"}"#
    let entries = TestIndex("c=3").text.dropLast()
    try tree.writeIndex(TestIndex(text: entries + annotations + "}"))
    #expect(try tree.tags() == "a=1 b=2 c=3")
  }

  @Test("W3: the base of a second write under one stamp is what the process wrote first")
  func secondWrite() throws {
    let tree = try tree("a=1")
    let read = try tree.readIndex(by: .opener)
    try tree.writeIndex(read.adding("b=2"))
    try tree.tag("c=3")
    // The process takes back what it wrote.
    try tree.writeIndex(read)
    #expect(try tree.tags() == "a=1 c=3")
    // Another process with the same stamp has not written b.
    try tree.writeIndex(read.adding("b=2"))
    try tree.writeIndex(read, by: .child)
    #expect(try tree.tags() == "a=1 c=3 b=2")
  }

  @Test("W3: an unknown version deletes nothing, and is logged", arguments: ["1.1", "1", nil])
  func unknownVersion(_ stamp: String?) throws {
    let tree = try tree("a=1 t=5")
    let annotation = stamp.map { ",\"annotations\":{\"\(IndexStamp.key)\":\"\($0)\"}" } ?? ""
    let written = TestIndex("t=2 b=3").text.dropLast() + annotation + "}"
    try tree.writeIndex(TestIndex(text: written))
    #expect(try Set(tree.tags().split(separator: " ")) == ["a=1", "=5(t)", "t=2", "b=3"])
    // A malformed stamp counts as absent.
    #expect(tree.log.messages.contains { $0.contains("unknown version 1.1") } == (stamp == "1.1"))
  }

  @Test("W3: a process that reads twice within a second is served one version")
  func pinned() throws {
    let tree = try tree("a=1")
    let read = try tree.readIndex(by: .opener)
    try tree.tag("b=2")
    #expect(try tree.readIndex(by: .opener).text == read.text)
    #expect(try tree.readIndex(by: .child).text != read.text)
    try tree.writeIndex(read.adding("c=3"))
    #expect(try tree.readIndex(by: .opener).text.contains("\"b\""))
  }

  @Test("W3: a process that changes a name in refs reads that in the index", arguments: ["put", "move", "remove"])
  func ownChange(_ change: String) throws {
    let tree = try tree("a=1")
    _ = try tree.readIndex(by: .opener)
    let other = try tree.readIndex(by: .child)
    switch change {
    case "put": try tree.save("refs/b", digest("1").description)
    case "move": try tree.rename("refs/a", to: "refs/b")
    default: try tree.remove("refs/a")
    }
    let names = try tree.readIndex(by: .opener).text
    #expect(names.contains("\"a\"") == (change == "put"))
    #expect(names.contains("\"b\"") == (change != "remove"))
    #expect(try tree.readIndex(by: .child).text == other.text)
  }

  @Test("W3: a process reads what a child, or a child of one, has written", arguments: [1, 2])
  func changeByChild(_ generations: Int32) throws {
    let tree = try tree("a=1")
    for generation in 0..<generations {
      tree.processes.setParent(.opener + generation, of: .opener + generation + 1)
    }
    let other = try tree.readIndex(by: .other)
    _ = try tree.readIndex(by: .opener)
    let writer = Int32.opener + generations
    try tree.writeIndex(tree.readIndex(by: writer).adding("b=2"), by: writer)
    #expect(try tree.readIndex(by: .opener).text.contains("\"b\""))
    #expect(try tree.readIndex(by: .other).text == other.text)
  }

  @Test("W3, W4: after a refused conflict a process reads the current index, and can change it")
  func retriedConflict() throws {
    let tree = try tree("t=1") { $0.refusesConflicts = true }
    let first = try tree.readIndex(by: .opener)
    try tree.writeIndex(tree.readIndex(by: .child).removing("t=1").adding("t=2"), by: .child)
    #expect(throws: Errno.fileExists) { try tree.writeIndex(first.removing("t=1").adding("t=3")) }
    try tree.writeIndex(tree.readIndex(by: .opener).removing("t=2").adding("t=3"))
    #expect(try tree.tags() == "t=3")
  }

  @Test("W4: the last of two writers has the name, and the other's entry stays without one")
  func conflict() throws {
    let tree = try tree("t=1")
    let first = try tree.readIndex(by: .opener)
    let second = try tree.readIndex(by: .child)
    try tree.writeIndex(first.removing("t=1").adding("t=2"))
    try tree.writeIndex(second.removing("t=1").adding("t=3"), by: .child)
    #expect(try tree.tags() == "=2(t) t=3")
    #expect(tree.counter("conflicts") == 1)
    #expect(tree.counter("merges") == 2)
    let message = try #require(tree.log.messages.first)
    for part in ["process 200", " t ", try digest("2").description, try digest("3").description] {
      #expect(message.contains(part), "\(message)")
    }
  }

  @Test("W4: with conflict=refuse the second writer gets EEXIST, and nothing changes")
  func refusedConflict() throws {
    let tree = try tree("t=1") { $0.refusesConflicts = true }
    let first = try tree.readIndex(by: .opener)
    let second = try tree.readIndex(by: .child)
    try tree.writeIndex(first.removing("t=1").adding("t=2"))
    #expect(throws: Errno.fileExists) {
      try tree.writeIndex(second.removing("t=1").adding("t=3"), by: .child)
    }
    #expect(try tree.tags() == "t=2")
    #expect(tree.counter("refusals") == 1)
    let message = try #require(tree.log.messages.first)
    for part in ["process 200", " t: ", try digest("2").description, try digest("3").description] {
      #expect(message.contains(part), "\(message)")
    }
  }

  @Test("W5: a change is applied by the write that completes the index, before the close")
  func appliedByWrite() throws {
    let tree = try tree("a=1")
    let text = try tree.readIndex(by: .opener).adding("b=2").text
    let file = try tree.open("index.json", writing: true, truncating: true)
    let half = text.utf8.count / 2
    try tree.write(file, String(text.prefix(half)))
    #expect(try tree.tags() == "a=1")
    try tree.write(file, String(text.dropFirst(half)), at: Int64(half))
    #expect(try tree.tags() == "a=1 b=2")
    try tree.close(file)
    try tree.release(file)
  }

  @Test("W5: a write over the old content is applied by ftruncate(2), as BuildKit makes it")
  func appliedByTruncate() throws {
    let tree = try tree("a=1 b=2 c=3")
    let text = try tree.readIndex(by: .opener).removing("b=2").text
    let file = try tree.open("index.json", writing: true)
    try tree.write(file, text)
    #expect(try tree.tags() == "a=1 b=2 c=3")
    try tree.truncate(file, to: Int64(text.utf8.count))
    #expect(try tree.tags() == "a=1 c=3")
    try tree.close(file)
    try tree.release(file)
  }

  @Test(
    "W5: content that is not an index is EINVAL at the close, and changes nothing",
    arguments: ["", "{", #"{"manifests":["#, "[]", #"{"schemaVersion":1,"manifests":[]}"#, "{} {}", "nonsense"])
  func incomplete(_ text: String) throws {
    let tree = try tree("a=1")
    let file = try tree.open("index.json", writing: true, truncating: true)
    if !text.isEmpty { try tree.write(file, text) }
    #expect(throws: Errno.invalidArgument) { try tree.close(file) }
    try tree.release(file)
    #expect(try tree.tags() == "a=1")
    #expect(tree.counter("refusals") == 1)
  }

  @Test("W5: a child that has the same open file completes what its parent left incomplete at its close")
  func completedByChild() throws {
    let tree = try tree("a=1")
    let text = try tree.readIndex(by: .opener).adding("b=2").text
    let file = try tree.open("index.json", writing: true, truncating: true)
    let half = text.utf8.count / 2
    try tree.write(file, String(text.prefix(half)))
    tree.duplicate(file, by: .child)
    #expect(throws: Errno.invalidArgument) { try tree.close(file) }
    try tree.write(file, String(text.dropFirst(half)), at: Int64(half))
    #expect(try tree.tags() == "a=1 b=2")
    try tree.close(file, by: .child)
    try tree.release(file)
    #expect(tree.counter("refusals") == 1)
  }

  @Test("W2: the order and the members of the index are those of the only writer, also in its second write")
  func order() throws {
    let tree = try tree("a=1 b=2 c=3", .directory)
    let read = try tree.readIndex(by: .opener)
    let reversed = read.removing("a=1").removing("b=2").adding("b=2").adding("a=1")
    try tree.writeIndex(TestIndex(text: reversed.text.dropLast() + ",\"artifactType\":\"a/b\"}"))
    #expect(try tree.tags() == "c=3 b=2 a=1")
    #expect(try JSON(parsing: tree.engine.index().content)["artifactType"]?.text == "a/b")
    try tree.writeIndex(reversed.adding("d=4").removing("c=3").adding("c=3"))
    #expect(try tree.tags() == "b=2 a=1 d=4 c=3")
    #expect(try JSON(parsing: tree.engine.index().content)["artifactType"] == nil)
  }

  @Test("W2: equal entries are removed one by one")
  func duplicates() throws {
    let tree = try tree("", .directory)
    for count in [3, 2, 1] {
      let read = try tree.readIndex(by: .opener)
      let entries = Array(repeating: "=1", count: count).joined(separator: " ")
      let stamp = try #require(JSON(parsing: Array(read.text.utf8))["annotations"])
      let text =
        TestIndex(entries).text.dropLast() + ",\"annotations\":\(String(decoding: stamp.serialized, as: UTF8.self))}"
      try tree.writeIndex(TestIndex(text: text))
      #expect(try tree.tags() == entries)
    }
  }

  @Test("W5: an entry with an unsafe name is EINVAL at the write", arguments: ["a/../b=2", "../x=2"])
  func unsafeName(_ entry: String) throws {
    let tree = try tree("a=1")
    let read = try tree.readIndex(by: .opener)
    #expect(throws: Errno.invalidArgument) { try tree.writeIndex(read.adding(entry)) }
    #expect(throws: Errno.invalidArgument) { try tree.writeIndex(read.adding(entry), inPlace: false) }
    #expect(try tree.tags() == "a=1")
  }

  @Test("W5: the unfinished writes of all processes have a limit, past which a write is ENOSPC")
  func memory() throws {
    let tree = try tree("a=1") { $0.indexMemoryLimit = 3000 }
    let open = { try tree.open("index.json", writing: true, truncating: true) }
    let (first, second) = (try open(), try open())
    try tree.write(first, "{" + String(repeating: " ", count: 1999))
    try tree.write(second, "{")
    #expect(throws: Errno.noSpace) { try tree.write(second, String(repeating: " ", count: 1001), at: 1) }
    #expect(throws: Errno.noSpace) { try tree.write(second, "}", at: 1) }
    #expect(tree.log.messages.contains { $0.contains("1002 bytes exceed") })
    // Content that is dropped or truncated makes room.
    let third = try open()
    try tree.write(third, String(repeating: " ", count: 1000))
    try tree.truncate(first, to: 500)
    try tree.write(third, String(repeating: " ", count: 1500), at: 1000)
    #expect(throws: Errno.noSpace) { try tree.truncate(first, to: 501) }
    for file in [first, second] {
      #expect(throws: Errno.noSpace) { try tree.close(file) }
      try tree.release(file)
    }
    try tree.release(third)
    try tree.writeIndex(tree.readIndex(by: .opener).adding("b=2"))
    #expect(try tree.tags() == "a=1 b=2")
  }

  @Test("W5: a writer that was killed half way changes nothing, and needs no answer")
  func killed() throws {
    let tree = try tree("a=1")
    let file = try tree.open("index.json", writing: true, truncating: true)
    try tree.write(file, "{")
    tree.processes.kill(thread: .opener)
    try tree.close(file)
    try tree.release(file)
    #expect(try tree.tags() == "a=1")
    #expect(tree.counter("refusals") == 0)
  }

  @Test("W6: a reader sees a whole index while another process writes it")
  func wholeReads() throws {
    let tree = try tree("a=1")
    let before = try tree.read("index.json")
    let file = try tree.open("index.json", writing: true, truncating: true, by: .child)
    #expect(try tree.read("index.json") == before)
    try tree.write(file, "{")
    #expect(try tree.read("index.json") == before)
    #expect(try tree.attributes("index.json").size == Int64(before.utf8.count))
  }

  @Test("W6: the length of index.json is that of the version that the process opened")
  func size() throws {
    let tree = try tree("a=1")
    func size(_ caller: Int32) throws -> Int64 {
      try tree.tree.attributes(of: tree.node("index.json"), tree.context(caller)).size
    }
    let file = try tree.open("index.json")
    let old = try tree.read(file).utf8.count
    try tree.tag("b=2")
    let current = try tree.readIndex(by: .child).text.utf8.count
    #expect(old < current)
    #expect(try size(.opener) == Int64(old))
    #expect(try size(.child) == Int64(current))
    try tree.release(file)
    // It would be served the same version again.
    #expect(try size(.opener) == Int64(old))
    tree.tree.shared.indexVersions.unpin(.opener)
    #expect(try size(.opener) == Int64(current))
    let written = try tree.open("index.json", writing: true, truncating: true)
    try tree.write(written, "{")
    #expect(try size(.opener) == 1)
    #expect(try size(.child) == Int64(current))
    #expect(throws: Errno.invalidArgument) { try tree.close(written) }
    try tree.release(written)
    #expect(try size(.opener) == Int64(current))
  }

  @Test(
    "W6: index.json and oci-layout cannot be removed, renamed or truncated by path",
    arguments: ["index.json", "oci-layout"])
  func permanent(_ path: String) throws {
    let tree = try tree("a=1")
    #expect(throws: Errno.notPermitted) { try tree.remove(path) }
    #expect(throws: Errno.notPermitted) { try tree.rename(path, to: "index.json~") }
    #expect(throws: Errno.notPermitted) { try tree.set(path) { $0.size = 0 } }
    #expect(try tree.read(path).hasPrefix("{"))
  }

  @Test("W6: a layout file of the supported version is accepted and forgotten, others are EINVAL")
  func layout() throws {
    let tree = try tree("a=1")
    try tree.save("oci-layout", #"{"imageLayoutVersion":"1.0.0","more":1}"#)
    #expect(throws: Errno.invalidArgument) { try tree.save("oci-layout", #"{"imageLayoutVersion":"2.0.0"}"#) }
    #expect(throws: Errno.invalidArgument) { try tree.save("oci-layout", "") }
    #expect(try tree.read("oci-layout") == String(decoding: ImageLayout.content, as: UTF8.self))
  }

  @Test("W12: in a store without an index, a name that it cannot have changes nothing")
  func unsuitableName() throws {
    let tree = TestTree(over: try FaultyEngine())
    try tree.tag("a=1")
    let read = try tree.readIndex(by: .opener)
    #expect(throws: Errno.invalidArgument) {
      try tree.writeIndex(read.removing("a=1").adding("b=2").adding("not new=3"))
    }
    #expect(try tree.tags() == "a=1")
    try tree.writeIndex(read.removing("a=1").adding("b=2"))
    #expect(try tree.tags() == "b=2")
  }

  @Test("W12: a read-only mount has a read-only layout", arguments: ["index.json", "oci-layout"])
  func readOnly(_ path: String) throws {
    let tree = try tree("a=1") { $0.isReadOnly = true }
    #expect(throws: Errno.readOnlyFileSystem) { _ = try tree.open(path, writing: true) }
    #expect(throws: Errno.readOnlyFileSystem) { _ = try tree.create("oci-put-blob1") }
    #expect(throws: Errno.readOnlyFileSystem) { try tree.makeDirectory(".umoci-1") }
    #expect(try tree.attributes(path).permissions == 0o444)
  }
}
