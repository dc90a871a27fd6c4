import CAS
import CASPlatform
import SystemPackage
import Testing

@testable import StoreTree

/// A name of `incoming` after its commit.
@Suite struct AliasTests {
  /// A tree in which `incoming/f` has been committed.
  private func committed(_ text: String = "content", _ kind: TestStoreKind = .memory) throws -> TestTree {
    let tree = try TestTree(kind)
    try tree.save("incoming/f", text)
    return tree
  }

  @Test("I8: the name keeps the mode, times and attributes that its writer gave it before the close")
  func metadataBefore() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    try tree.set("incoming/f") { $0.permissions = 0o604 }
    try tree.setExtendedAttribute("user.note", "text", of: "incoming/f")
    try tree.set("incoming/f") { $0.modified = Timestamp(seconds: 981_173_106, nanoseconds: 7) }
    try tree.close(file)
    let attributes = try tree.attributes("incoming/f")
    #expect(attributes.permissions == 0o604)
    #expect(attributes.modified == Timestamp(seconds: 981_173_106, nanoseconds: 7))
    #expect(try tree.extendedAttribute("user.note", of: "incoming/f") == "text")
  }

  @Test("I8: the mode, times and attributes of a committed name can be changed, and move along with it")
  func metadataAfter() throws {
    let tree = try committed()
    try tree.set("incoming/f") { $0.permissions = 0o604 }
    try tree.set("incoming/f") { $0.accessed = Timestamp(seconds: 5, nanoseconds: 0) }
    try tree.setExtendedAttribute("user.note", "text", of: "incoming/f")
    try tree.rename("incoming/f", to: "incoming/g")
    #expect(try tree.attributes("incoming/g").permissions == 0o604)
    #expect(try tree.attributes("incoming/g").accessed == Timestamp(seconds: 5, nanoseconds: 0))
    #expect(try tree.extendedAttribute("user.note", of: "incoming/g") == "text")
    #expect(tree.counter("commits") == 1)
  }

  @Test("I8: the alias has an inode number of its own")
  func inode() throws {
    let tree = try committed()
    let blob = try tree.attributes(tree.blobPath(digest("content")))
    #expect(try tree.attributes("incoming/f").inode != blob.inode)
    #expect(try tree.attributes("committed/f").inode != blob.inode)
  }

  @Test("I8: only root can change the owner")
  func owner() throws {
    let tree = try committed()
    #expect(try tree.set("incoming/f") { $0.user = 7 }.user == 7)
    let owner = tree.context(user: 7)
    #expect(throws: Errno.notPermitted) { try tree.set("incoming/f", owner) { $0.user = 8 } }
    #expect(try tree.set("incoming/f", owner) { $0.user = 7 }.user == 7)
  }

  @Test("I8: a process can set a group that it belongs to, and no other")
  func group() throws {
    let tree = try committed()
    tree.processes.setGroups([1234], ofThread: .opener)
    let context = tree.context(user: 7, group: 7)
    for group in [7, 1234] as [UInt32] {
      #expect(try tree.set("incoming/f", context) { $0.group = group }.group == group)
    }
    #expect(throws: Errno.notPermitted) { try tree.set("incoming/f", context) { $0.group = 4321 } }
  }

  @Test("I8: a directory with the set-group-id bit passes its group on")
  func inheritedGroup() throws {
    let tree = try TestTree()
    try tree.makeDirectory("incoming/d")
    try tree.set("incoming/d") { $0.group = 1234 }
    try tree.set("incoming/d") { $0.permissions = 0o2775 }
    try tree.makeDirectory("incoming/d/d")
    try tree.save("incoming/d/f", "x")
    #expect(try tree.attributes("incoming/d/d").group == 1234)
    #expect(try tree.attributes("incoming/d/d").permissions == 0o2755)
    #expect(try tree.attributes("incoming/d/f").group == 1234)
    #expect(try tree.attributes("incoming/d/f").permissions == 0o644)
  }

  @Test("I8: a write by an ordinary user clears the set-user-id and set-group-id bits")
  func setUserID() throws {
    let tree = try committed()
    try tree.set("incoming/f") { $0.permissions = 0o6755 }
    let file = try tree.open("incoming/f", writing: true)
    try tree.tree.write(file.opened.handle, Array("x".utf8).span, at: 0, tree.context(user: 7))
    #expect(try tree.attributes("incoming/f").permissions == 0o755)
  }

  @Test("I8: the attributes of the mount cannot be set or removed", arguments: ["user.casfs.digest", "user.casfs.new"])
  func ownAttributes(_ name: String) throws {
    let tree = try committed()
    #expect(throws: Errno.notPermitted) { try tree.setExtendedAttribute(name, "x", of: "incoming/f") }
    #expect(throws: Errno.notPermitted) {
      try tree.tree.removeExtendedAttribute(name, of: tree.node("incoming/f"), tree.context())
    }
  }

  @Test("I8: the extended attributes of a name have 64 KiB in all")
  func attributeLimit() throws {
    let tree = try committed()
    try tree.setExtendedAttribute("user.a", String(repeating: "a", count: 40_000), of: "incoming/f")
    #expect(throws: Errno.noSpace) {
      try tree.setExtendedAttribute("user.b", String(repeating: "b", count: 40_000), of: "incoming/f")
    }
    try tree.setExtendedAttribute("user.a", String(repeating: "c", count: 20_000), of: "incoming/f")
    try tree.setExtendedAttribute("user.b", String(repeating: "b", count: 40_000), of: "incoming/f")
  }

  @Test("I8: XATTR_CREATE and XATTR_REPLACE are honoured")
  func attributePresence() throws {
    let tree = try committed()
    let node = try tree.node("incoming/f")
    #expect(throws: Errno.noData) {
      try tree.tree.setExtendedAttribute("user.a", to: [1], of: node, mustBe: .present, tree.context())
    }
    try tree.tree.setExtendedAttribute("user.a", to: [1], of: node, mustBe: .absent, tree.context())
    #expect(throws: Errno.fileExists) {
      try tree.tree.setExtendedAttribute("user.a", to: [2], of: node, mustBe: .absent, tree.context())
    }
    try tree.tree.setExtendedAttribute("user.a", to: [2], of: node, mustBe: .present, tree.context())
    #expect(try tree.tree.extendedAttribute("user.a", of: node, tree.context()) == [2])
  }

  @Test("I8: deleting the blob through the mount removes all its aliases", arguments: TestStoreKind.allCases)
  func deletion(_ kind: TestStoreKind) throws {
    let tree = try committed("content", kind)
    try tree.makeDirectory("incoming/d")
    try tree.save("incoming/d/g", "content")
    try tree.save("incoming/other", "other")
    try tree.remove(tree.blobPath(digest("content")))
    #expect(try tree.names("incoming") == ["d", "other"])
    #expect(try tree.names("incoming/d") == [])
    #expect(try tree.names("committed") == ["d", "other"])
  }

  @Test("I8: an alias of a deleted blob does not come back with the blob")
  func deletionAndNewPut() throws {
    let tree = try committed()
    try tree.remove(tree.blobPath(digest("content")))
    try tree.save("incoming/new", "content")
    #expect(try tree.names("incoming") == ["new"])
  }

  @Test("I8: an alias disappears when another process deletes the blob", arguments: ["incoming", "committed"])
  func deletionByOthers(_ place: String) throws {
    let tree = try committed()
    try tree.save("incoming/g", "content")
    try tree.engine.deleteBlob(digest("content"))
    #expect(throws: Errno.noSuchFileOrDirectory) { try tree.lookup("\(place)/f") }
    #expect(try tree.names(place) == [])
  }

  @Test("I8: a reader continues to read an alias whose blob is deleted", arguments: TestStoreKind.allCases)
  func reader(_ kind: TestStoreKind) throws {
    let tree = try committed("content", kind)
    let file = try tree.open("incoming/f")
    try tree.remove(tree.blobPath(digest("content")))
    #expect(try tree.read(file) == "content")
  }

  @Test("I8: a file that is removed before it is closed never becomes a blob")
  func removed() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    try tree.remove("incoming/f")
    #expect(try tree.tree.attributes(of: file.node, tree.context()).links == 0)
    try tree.close(file)
    try tree.release(file)
    #expect(try tree.blobCount() == 0)
  }

  @Test("I8: a name that another replaces before it is closed never becomes a blob")
  func replaced() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    try tree.save("incoming/g", "new")
    try tree.rename("incoming/g", to: "incoming/f")
    try tree.close(file)
    try tree.release(file)
    #expect(try tree.blobCount() == 1)
    #expect(try tree.read("incoming/f") == "new")
  }

  @Test("I8: committed follows every rename and removal in incoming")
  func committedFollows() throws {
    let tree = try committed()
    try tree.makeDirectory("incoming/d")
    try tree.rename("incoming/f", to: "incoming/d/g")
    #expect(try tree.names("committed") == ["d"])
    #expect(try tree.link("committed/d/g") == "../../" + tree.blobPath(digest("content")))
    try tree.remove("incoming/d/g")
    #expect(try tree.names("committed/d") == [])
    try tree.removeDirectory("incoming/d")
    #expect(try tree.names("committed") == [])
  }

  @Test("I8: committed has no name before its first commit")
  func uncommitted() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    #expect(try tree.names("committed") == [])
    #expect(throws: Errno.noSuchFileOrDirectory) { try tree.lookup("committed/f") }
  }

  @Test("I8: committed is read-only")
  func committedIsReadOnly() throws {
    let tree = try committed()
    let error = Errno.readOnlyFileSystem
    #expect(throws: error) { _ = try tree.create("committed/x") }
    #expect(throws: error) { try tree.makeDirectory("committed/x") }
    #expect(throws: error) { try tree.remove("committed/f") }
    #expect(throws: error) { try tree.rename("committed/f", to: "committed/g") }
    #expect(throws: error) { try tree.set("committed/f") { $0.permissions = 0 } }
    #expect(throws: error) { try tree.setExtendedAttribute("user.note", "x", of: "committed/f") }
  }

  @Test("I8: a link of more than 4,095 bytes is ENAMETOOLONG")
  func deepLink() throws {
    let tree = try TestTree()
    var incoming = try tree.node("incoming")
    var committed = try tree.node("committed")
    let context = tree.context()
    for _ in 0..<1400 {
      incoming = try tree.tree.makeDirectory("d", permissions: 0o755, in: incoming, context).node
      committed = try tree.tree.lookup("d", in: committed, context).node
    }
    let file = try tree.tree.create("f", permissions: 0o644, in: incoming, context).file
    try tree.tree.release(file.handle, context)
    let link = try tree.tree.lookup("f", in: committed, context).node
    #expect(throws: Errno.fileNameTooLong) { _ = try tree.tree.linkTarget(of: link) }
  }

  @Test("I8: an access control list that is refused leaves the mode unchanged")
  func refusedAccessControlList() throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "content")
    let before = try tree.attributes("incoming/f").permissions
    // Version 2; owner, group, mask and others, each with a tag, permissions and an id.
    let entries: [(tag: UInt8, permissions: UInt8)] = [(0x01, 7), (0x04, 0), (0x10, 0), (0x20, 0)]
    let list: [UInt8] = [2, 0, 0, 0] + entries.flatMap { [$0.tag, 0, $0.permissions, 0, 255, 255, 255, 255] }
    #expect(throws: Errno.noData) {
      try tree.tree.setExtendedAttribute(
        "system.posix_acl_access", to: list, of: tree.node("incoming/f"), mustBe: .present, tree.context())
    }
    #expect(try tree.attributes("incoming/f").permissions == before)
  }
}
