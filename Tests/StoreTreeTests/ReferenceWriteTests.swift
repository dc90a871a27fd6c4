import CAS
import CASPlatform
import OCI
import SystemPackage
import Testing

@testable import StoreTree

/// References as files below `refs`.
@Suite struct ReferenceWriteTests {
  /// The digest that a reference stands for.
  private func target(_ name: String, of tree: TestTree) throws -> Digest {
    try tree.engine.reference(named: ReferenceName(name)).digest
  }

  /// The descriptor in a file of a reference.
  private func descriptor(_ path: String, of tree: TestTree) throws -> Descriptor {
    try Descriptor(parsing: Array(tree.read(path).utf8))
  }

  @Test("R1: the digest of a stored blob becomes a descriptor with its size", arguments: TestStoreKind.allCases)
  func digestAlone(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let digest = try tree.put("a")
    try tree.save("refs/name", "\(digest)\n")
    #expect(
      try tree.read("refs/name")
        == #"{"mediaType":"application/octet-stream","digest":"\#(digest)","size":1}"# + "\n")
    #expect(try target("name", of: tree) == digest)
  }

  @Test("R1: a digest may lack its algorithm, like a name in incoming", arguments: ["", "\n", " \n"], [true, false])
  func digestWithoutAlgorithm(end: String, isSHA512: Bool) throws {
    let tree = try TestTree()
    let content = Array("a".utf8)
    let stored = try tree.engine.putBlob(content, algorithm: isSHA512 ? .sha512 : .sha256).digest
    try tree.save("refs/name", stored.hex + end)
    #expect(try target("name", of: tree) == stored)
  }

  @Test(
    "R1: the media type of a digest is what the content shows",
    arguments: [
      (#"{"mediaType":"application/x-own","config":{},"layers":[]}"#, "application/x-own"),
      (#"{"config":{},"layers":[]}"#, MediaType.imageManifest), (#"{"manifests":[]}"#, MediaType.imageIndex),
      (#"{"layers":[]}"#, "application/octet-stream"),
    ])
  func mediaType(_ content: String, _ expected: String) throws {
    let tree = try TestTree()
    try tree.save("refs/name", tree.put(content).description)
    #expect(try descriptor("refs/name", of: tree).mediaType == expected)
  }

  @Test("R1: the media type of a digest is that of another reference to it, when the content has none")
  func sharedMediaType() throws {
    let tree = try TestTree()
    let digest = try tree.put("a")
    try tree.save("refs/first", #"{"mediaType":"application/x-first","digest":"\#(digest)","size":1}"#)
    try tree.save("refs/second", digest.description)
    #expect(try descriptor("refs/second", of: tree).mediaType == "application/x-first")
  }

  @Test("R1: a descriptor is kept as it was written, without the name's annotation")
  func wholeDescriptor() throws {
    let tree = try TestTree()
    let digest = try tree.put("a")
    try tree.save(
      "refs/name",
      #"{"mediaType":"a/b","digest":"\#(digest)","size":1,"more":1.50,"#
        + #""annotations":{"org.opencontainers.image.ref.name":"elsewhere","k":"v"}}"#)
    #expect(
      try tree.read("refs/name")
        == #"{"mediaType":"a/b","digest":"\#(digest)","size":1,"more":1.50,"annotations":{"k":"v"}}"# + "\n")
  }

  @Test("R1: a copy of a reference tags, also when it is repeated")
  func copy() throws {
    let tree = try TestTree()
    let digest = try tree.put("a")
    try tree.save("refs/a", digest.description)
    for _ in 0..<2 { try tree.save("refs/b", tree.read("refs/a")) }
    #expect(try tree.read("refs/b") == tree.read("refs/a"))
    #expect(try target("b", of: tree) == digest)
  }

  @Test("R1: a child's close makes no reference; the opener's does")
  func lastClose() throws {
    let tree = try TestTree()
    let file = try tree.create("refs/name")
    tree.duplicate(file, by: .child)
    try tree.write(file, tree.put("a").description)
    try tree.close(file, by: .child)
    #expect(try tree.engine.listReferences().isEmpty)
    try tree.close(file)
    #expect(try tree.engine.listReferences().count == 1)
  }

  @Test("R2: one close of several opens of a new name by one process succeeds, the others are EEXIST")
  func severalOpens() throws {
    let tree = try TestTree()
    let (a, b) = (try tree.put("a"), try tree.put("b"))
    let first = try tree.create("refs/name")
    let second = try tree.create("refs/name")
    try tree.write(first, a.description)
    try tree.write(second, b.description)
    try tree.close(second)
    #expect(try target("name", of: tree) == b)
    #expect(throws: Errno.fileExists) { try tree.close(first) }
    try tree.release(first)
    try tree.release(second)
    #expect(try target("name", of: tree) == b)
  }

  @Test("R2: a close of an empty text is EINVAL while the process has another open of the name")
  func severalOpensOneEmpty() throws {
    let tree = try TestTree()
    let first = try tree.create("refs/name")
    let second = try tree.create("refs/name")
    #expect(throws: Errno.invalidArgument) { try tree.close(first) }
    let digest = try tree.put("a")
    try tree.write(second, digest.description)
    try tree.close(second)
    #expect(try target("name", of: tree) == digest)
  }

  @Test("R2: a close before the text is complete succeeds while the open has another descriptor")
  func duplicateOfEmpty() throws {
    let tree = try TestTree()
    let file = try tree.create("refs/name")
    let other = try tree.create("refs/name")
    tree.duplicate(file)
    try tree.close(file)
    let digest = try tree.put("a")
    try tree.write(file, digest.description)
    try tree.close(file)
    #expect(try target("name", of: tree) == digest)
    try tree.write(other, digest.description)
    try tree.close(other)
  }

  @Test("R2: a complete text is a reference after the first close that succeeds, and stays one if the opener is killed")
  func killedAfterClose() throws {
    let tree = try TestTree()
    let digest = try tree.put("a")
    let file = try tree.create("refs/name")
    tree.duplicate(file)
    try tree.write(file, digest.description)
    try tree.close(file)
    tree.processes.kill(thread: .opener)
    try tree.close(file)
    try tree.release(file)
    #expect(try target("name", of: tree) == digest)
  }

  @Test("R2: mknod(2) of a reference is EINVAL, and leaves no name")
  func made() throws {
    let tree = try TestTree()
    #expect(throws: Errno.invalidArgument) {
      _ = try tree.tree.makeFile("name", permissions: 0o644, in: tree.node("refs"), tree.context())
    }
    #expect(try tree.names("refs") == [])
  }

  @Test(
    "R2: malformed text is EINVAL at the write that completes it",
    arguments: [
      "garbage\n", "sha256:abc\n", "abc\n", "{}", #"{"digest":1}"#, "[]",
      #"{"mediaType":"a/b","digest":"sha256:\#(String(repeating: "0", count: 64))","size":0,"platform":5}"#,
    ])
  func malformed(_ text: String) throws {
    let tree = try TestTree()
    let file = try tree.create("refs/name")
    #expect(throws: Errno.invalidArgument) { try tree.write(file, text) }
    #expect(throws: Errno.invalidArgument) { try tree.close(file) }
    try tree.release(file)
    #expect(try tree.names("refs") == [])
  }

  @Test("R2: text that could go on is EINVAL at the close", arguments: [#"{"mediaType":"#, "sha256:0123", "0123", ""])
  func unfinished(_ text: String) throws {
    let tree = try TestTree()
    let file = try tree.create("refs/name")
    if !text.isEmpty { try tree.write(file, text) }
    #expect(throws: Errno.invalidArgument) { try tree.close(file) }
    try tree.release(file)
    #expect(try tree.names("refs") == [])
  }

  @Test("R2: text may come in several writes")
  func parts() throws {
    let tree = try TestTree()
    let text = try tree.put("a").description
    let file = try tree.create("refs/name")
    try tree.write(file, String(text.prefix(20)))
    try tree.write(file, String(text.dropFirst(20)), at: 20)
    try tree.close(file)
    #expect(try tree.read("refs/name").contains(text))
  }

  @Test("R2: a blob that is not stored is ENOENT at the write")
  func absent() throws {
    let tree = try TestTree()
    let none = try digest("none")
    for text in ["\(none)\n", #"{"mediaType":"a/b","digest":"\#(none)","size":4}"#] {
      let file = try tree.create("refs/name")
      #expect(throws: Errno.noSuchFileOrDirectory) { try tree.write(file, text) }
      try tree.release(file)
    }
    #expect(try tree.engine.listReferences().isEmpty)
  }

  @Test("R2: a descriptor with another size than the blob's is EINVAL")
  func wrongSize() throws {
    let tree = try TestTree()
    let digest = try tree.put("a")
    let file = try tree.create("refs/name")
    #expect(throws: Errno.invalidArgument) {
      try tree.write(file, #"{"mediaType":"a/b","digest":"\#(digest)","size":2}"#)
    }
  }

  @Test("R2: a name that stands for another descriptor is EEXIST at the write, and keeps it")
  func taken() throws {
    let tree = try TestTree()
    let (a, b) = (try tree.put("a"), try tree.put("b"))
    try tree.save("refs/name", a.description)
    let file = try tree.open("refs/name", writing: true, truncating: true)
    #expect(throws: Errno.fileExists) { try tree.write(file, "\(b)\n") }
    #expect(throws: Errno.fileExists) { try tree.close(file) }
    try tree.release(file)
    #expect(try target("name", of: tree) == a)
  }

  @Test("R2: text of more than 1 MiB is EFBIG")
  func tooLong() throws {
    let tree = try TestTree()
    let file = try tree.create("refs/name")
    try tree.write(file, #"{"mediaType":""#)
    #expect(throws: Errno.fileTooLarge) { try tree.write(file, "x", at: 1 << 20) }
    #expect(throws: Errno.fileTooLarge) { try tree.truncate(file, to: 1 << 20 + 1) }
  }

  @Test(
    "R2: a name that is not grammatical is EINVAL",
    arguments: ["a::b", "-a", "a:-", ".a", "a b", "a%00", "%2e%2e", "a%2"])
  func badName(_ name: String) throws {
    let tree = try TestTree()
    #expect(throws: Errno.invalidArgument) { _ = try tree.create("refs/\(name)") }
  }

  @Test("R3: removing a file of refs removes the reference and keeps the blob", arguments: TestStoreKind.allCases)
  func removal(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    try tree.save("refs/name", tree.put("a").description)
    try tree.remove("refs/name")
    #expect(!tree.exists("refs/name"))
    #expect(try tree.isStored("a"))
    #expect(throws: Errno.noSuchFileOrDirectory) { try tree.remove("refs/name") }
  }

  @Test("R3: a rename moves a tag over an existing one", arguments: TestStoreKind.allCases)
  func rename(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let (a, b) = (try tree.put("a"), try tree.put("b"))
    try tree.save("refs/latest", a.description)
    try tree.save("refs/new", b.description)
    try tree.rename("refs/new", to: "refs/latest")
    #expect(try target("latest", of: tree) == b)
    #expect(try tree.names("refs") == ["latest"])
  }

  @Test("R3: RENAME_NOREPLACE is EEXIST for an existing tag, and changes nothing", arguments: TestStoreKind.allCases)
  func renameWithoutReplacing(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let (a, b) = (try tree.put("a"), try tree.put("b"))
    try tree.save("refs/latest", a.description)
    try tree.save("refs/new", b.description)
    #expect(throws: Errno.fileExists) { try tree.rename("refs/new", to: "refs/latest", replacing: false) }
    #expect(try target("latest", of: tree) == a)
    #expect(try target("new", of: tree) == b)
  }

  @Test("R3: a reader keeps the version that it opened")
  func reader() throws {
    let tree = try TestTree()
    let (a, b) = (try tree.put("a"), try tree.put("b"))
    try tree.save("refs/latest", a.description)
    try tree.save("refs/new", b.description)
    let file = try tree.open("refs/latest")
    try tree.rename("refs/new", to: "refs/latest")
    #expect(try tree.read(file).contains(a.description))
    #expect(try tree.read("refs/latest").contains(b.description))
  }

  @Test("R3: a directory made in refs takes nested names, and only an empty one can be removed")
  func nested() throws {
    let tree = try TestTree()
    try tree.makeDirectory("refs/docker.io")
    try tree.makeDirectory("refs/docker.io/library")
    try tree.save("refs/docker.io/library/alpine:3.20", tree.put("a").description)
    #expect(try tree.engine.referenceNames().map(\.description) == ["docker.io/library/alpine:3.20"])
    #expect(throws: Errno.directoryNotEmpty) { try tree.removeDirectory("refs/docker.io/library") }
    #expect(throws: Errno.isDirectory) { try tree.remove("refs/docker.io") }
    #expect(throws: Errno.fileExists) { try tree.makeDirectory("refs/docker.io") }
    #expect(throws: Errno.invalidArgument) { try tree.makeDirectory("refs/..x") }
    try tree.makeDirectory("refs/empty")
    try tree.removeDirectory("refs/empty")
    #expect(try tree.names("refs") == ["docker.io"])
  }

  @Test("R3: a change of a reference's mode, owner or time succeeds and is not kept", arguments: ["refs/name", "refs"])
  func metadata(_ path: String) throws {
    let tree = try TestTree()
    try tree.save("refs/name", tree.put("a").description)
    let before = try tree.attributes(path)
    let after = try tree.set(path) { changes in
      changes.permissions = 0o600
      changes.user = 7
      changes.modified = Timestamp(seconds: 5, nanoseconds: 0)
    }
    #expect(after.permissions == before.permissions)
    #expect(after.user == before.user)
    #expect(after.modified == before.modified)
    #expect(throws: Errno.notSupportedOnSocket) { try tree.setExtendedAttribute("user.note", "x", of: path) }
  }

  @Test("R3: a name that is being written for the first time is found, and cannot be renamed or removed")
  func unwritten() throws {
    let tree = try TestTree()
    let file = try tree.create("refs/name")
    #expect(try tree.names("refs") == ["name"])
    #expect(try tree.attributes("refs/name").size == 0)
    #expect(throws: Errno.resourceBusy) { try tree.remove("refs/name") }
    #expect(throws: Errno.resourceBusy) { try tree.rename("refs/name", to: "refs/other") }
    try? tree.close(file)
    try tree.release(file)
    #expect(try tree.names("refs") == [])
  }
}
