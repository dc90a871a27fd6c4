import CAS
import CASPlatform
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// The tree as a whole.
@Suite struct TreeTests {
  /// The offset behind `.` and `..`.
  private let behindOwn = DirectoryPosition().after(".").after("..").rawValue

  private func tag(_ tree: TestTree, _ names: String...) throws {
    let descriptor = try tree.engine.descriptor(for: tree.put("content"))
    for name in names { try tree.engine.putReference(descriptor, named: ReferenceName(name)) }
  }

  /// A tree with something in each of its directories.
  private func full(_ kind: TestStoreKind = .memory) throws -> TestTree {
    let tree = try TestTree(kind)
    try tree.save("incoming/f", "content")
    try tree.makeDirectory("incoming/d")
    try tag(tree, "a/b", "c")
    return tree
  }

  @Test("T1: a reference name with slashes is a path of directories, in refs and in images")
  func nested() throws {
    let tree = try TestTree()
    try tag(tree, "docker.io/library/alpine:3.20")
    for place in ["refs", "images"] {
      #expect(try tree.names(place) == ["docker.io"])
      #expect(try tree.names("\(place)/docker.io/library") == ["alpine:3.20"])
    }
  }

  @Test("T1: a name below another reference is shown flat, and its path stands for it")
  func flat() throws {
    let tree = try TestTree()
    try tag(tree, "a", "a/b")
    #expect(try tree.names("refs") == ["a", "a%2Fb"])
    #expect(try tree.names("images") == ["a", "a%2Fb"])
    try tree.remove("refs/a%2Fb")
    #expect(try tree.engine.referenceNames().map(\.description) == ["a"])
  }

  @Test("T1: another spelling of an escape names nothing", arguments: ["%61", "a%2fb", "a%2Fb"])
  func otherSpelling(_ name: String) throws {
    let tree = try TestTree()
    try tag(tree, "a")
    #expect(!tree.exists("refs/\(name)"))
  }

  @Test("T2: a listing and a lookup agree on file type and inode number", arguments: TestStoreKind.allCases)
  func listings(_ kind: TestStoreKind) throws {
    let tree = try full(kind)
    var pending = [""]
    var count = 0
    while let directory = pending.popLast() {
      for entry in try tree.entries(directory) where entry.name != "." && entry.name != ".." {
        let path = "\(directory)/\(entry.name)"
        let found = try tree.lookup(path).attributes
        #expect(found.inode == entry.inode, "\(path)")
        #expect(found.kind == entry.kind, "\(path)")
        if entry.kind == .directory { pending.append(path) }
        count += 1
      }
    }
    #expect(count >= 20)
  }

  @Test(
    "T2: every directory lists . and .. with their inode numbers",
    arguments: [
      "", "blobs", "blobs/sha256", "refs", "refs/a", "images", "images/a", "incoming", "incoming/d", "committed/d",
    ])
  func ownEntries(_ path: String) throws {
    let tree = try full()
    let entries = try tree.entries(path)
    let parent = path.split(separator: "/").dropLast().joined(separator: "/")
    #expect(entries.prefix(2).map(\.name) == [".", ".."])
    #expect(try entries[0].inode == tree.tree.attributes(of: tree.node(path), tree.context()).inode)
    #expect(try entries[1].inode == tree.tree.attributes(of: tree.node(parent), tree.context()).inode)
  }

  @Test("T2: the size of a file is the length of its content", arguments: TestStoreKind.allCases)
  func sizes(_ kind: TestStoreKind) throws {
    let tree = try full(kind)
    for path in ["oci-layout", "index.json", "refs/c", "incoming/f", try tree.blobPath(digest("content"))] {
      #expect(try tree.attributes(path).size == Int64(tree.read(path).utf8.count), "\(path)")
    }
    #expect(try tree.attributes("committed/f").size == Int64(tree.link("committed/f").utf8.count))
  }

  @Test("T2: a listing that changes has every name that stays exactly once")
  func changingListing() throws {
    let tree = try TestTree(.directory)
    for number in 0..<200 { _ = try tree.put("stays \(number)") }
    let context = tree.context()
    let handle = try tree.tree.openDirectory(tree.node("blobs/sha256"), context)
    var names: [String] = []
    var next: Int64 = 0
    while true {
      let before = names.count
      try tree.tree.entries(of: handle, from: next, context) { (entry, offset) in
        guard names.count < before + 7 else { return false }
        names.append(entry.name)
        next = offset
        return true
      }
      if names.count == before { break }
      _ = try tree.put("new \(names.count)")
    }
    for number in 0..<200 {
      let hex = try digest("stays \(number)").hex
      #expect(names.count { $0 == hex } == 1)
    }
  }

  @Test("T2: an entry that was looked up in a listing can be used, and one that was refused is forgotten")
  func lookupsInListing() throws {
    let tree = try full()
    let context = tree.context()
    let nodes = tree.tree.status.nodes
    let handle = try tree.tree.openDirectory(tree.node("blobs/sha256"), context)
    let known = tree.tree.status.nodes
    var found: Entry?
    try tree.tree.entriesWithLookups(of: handle, from: behindOwn, context) { (_, entry, _) in
      found = entry
      return false
    }
    #expect(found != nil)
    #expect(tree.tree.status.nodes == known)
    try tree.tree.entriesWithLookups(of: handle, from: behindOwn, context) { (_, entry, _) in
      found = entry
      return true
    }
    #expect(tree.tree.status.nodes == known + 1)
    #expect(known >= nodes)
    #expect(try tree.tree.attributes(of: #require(found).node, context).size == 7)
  }

  @Test("T2: a listing with lookups of refs and images agrees with lookups", arguments: TestStoreKind.allCases)
  func listedAttributes(_ kind: TestStoreKind) throws {
    let tree = try full(kind)
    let context = tree.context()
    for path in ["refs", "images"] {
      let handle = try tree.tree.openDirectory(tree.node(path), context)
      var names: [String] = []
      try tree.tree.entriesWithLookups(of: handle, from: behindOwn, context) { (listed, entry, _) in
        guard let entry else { return true }
        names.append(listed.name)
        let found = try? tree.lookup("\(path)/\(listed.name)")
        #expect(found?.node == entry.node && found?.attributes.size == entry.attributes.size, "\(path)/\(listed.name)")
        #expect(entry.attributes.inode == listed.inode && entry.entryTimeout > .zero)
        return true
      }
      #expect(try names == tree.names(path))
    }
  }

  @Test("T2 R3: a listed reference that is renamed is the new name's, and the old name's file is another one")
  func renamedAfterListing() throws {
    let tree = try TestTree()
    let context = tree.context()
    try tag(tree, "a")
    let handle = try tree.tree.openDirectory(tree.node("refs"), context)
    var listed: Entry?
    try tree.tree.entriesWithLookups(of: handle, from: behindOwn, context) { (_, entry, _) in
      listed = entry
      return true
    }
    let moved = try #require(listed).node
    // The kernel uses the node under the new name, without a lookup, as long as the listed name is valid.
    try tree.rename("refs/a", to: "refs/b")
    #expect(try tree.tree.attributes(of: moved, context).inode == tree.attributes("refs/b").inode)
    try tree.save("refs/a", tree.read("refs/b"))
    #expect(try tree.node("refs/a") != moved)
    try tree.remove("refs/b")
    #expect(throws: Errno.noSuchFileOrDirectory) { try tree.tree.attributes(of: moved, context) }
    #expect(tree.exists("refs/a"))
  }

  @Test("T3: a blob that another process stores is found immediately", arguments: TestStoreKind.allCases)
  func storedByOthers(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let path = try tree.blobPath(digest("content"))
    #expect(throws: Errno.noSuchFileOrDirectory) { try tree.lookup(path) }
    _ = try tree.put("content")
    #expect(try tree.lookup(path).attributes.size == 7)
  }

  @Test("T3: the kernel drops the name of a blob that is removed or replaced, and none for a blob that is new")
  func droppedNames() throws {
    let tree = try TestTree(.directory)
    let folder = try #require(tree.folder)
    let (old, other) = try (tree.put("old"), tree.put("other"))
    let dropped = Monitor<[String]>([])
    tree.tree.watch { (_, name) in dropped.withLock { $0.append(name) } }
    for number in 0..<20 { _ = try tree.put("new \(number)") }
    try tree.engine.deleteBlob(other)
    try folder.write("damaged", to: "store/\(tree.blobPath(other))")
    try tree.engine.deleteBlob(old)
    dropped.wait(until: { $0.contains(old.hex) }, then: { #expect(Set($0) == [old.hex, other.hex]) })
  }

  @Test("T3: a reference that another process changes shows within a second")
  func changedByOthers() throws {
    let tree = try TestTree()
    try tag(tree, "name")
    #expect(try tree.names("refs") == ["name"])
    try tree.engine.deleteReference(named: ReferenceName("name"))
    let end = ContinuousClock.now + .seconds(1)
    while try tree.names("refs") != [], .now < end { Thread.sleep(for: .milliseconds(10)) }
    #expect(try tree.names("refs") == [])
  }

  @Test("T3: the kernel caches names that others can change for less than a second")
  func timeouts() throws {
    let tree = try full()
    for path in ["refs/c", "images/c", "committed/f", "incoming/f", try tree.blobPath(digest("content"))] {
      #expect(try tree.lookup(path).entryTimeout < .seconds(1), "\(path)")
    }
    for path in ["refs", "refs/a", "refs/c", "images/c", "incoming", "incoming/f", "committed/f", "index.json"] {
      #expect(try tree.lookup(path).attributes.attributeTimeout < .seconds(1), "\(path)")
    }
  }

  @Test("T4: blobs and committed names have their digest and size as attributes, which are not listed")
  func addresses() throws {
    let tree = try full()
    let digest = try digest("content")
    for path in [tree.blobPath(digest), "incoming/f"] {
      #expect(try tree.extendedAttribute("user.casfs.digest", of: path) == digest.description)
      #expect(try tree.extendedAttribute("user.casfs.size", of: path) == "7")
      #expect(try tree.tree.extendedAttributeNames(of: tree.node(path), tree.context()) == [])
    }
  }

  @Test("T4: a missing attribute is ENODATA, and labels and lists outside of incoming are EOPNOTSUPP")
  func missingAttributes() throws {
    let tree = try full()
    let blob = try tree.blobPath(digest("content"))
    for path in ["", "blobs", "refs", "refs/c", "images/c", "incoming", "incoming/f", "committed/f", blob] {
      #expect(throws: Errno.noData) { _ = try tree.extendedAttribute("user.none", of: path) }
    }
    for name in ["security.selinux", "system.posix_acl_access", "system.posix_acl_default"] {
      for path in ["", "blobs", "refs", "refs/c", "images", "images/c", "index.json", blob] {
        #expect(throws: Errno.notSupportedOnSocket, "\(path)") { _ = try tree.extendedAttribute(name, of: path) }
      }
    }
  }

  @Test("T5: statfs(2) shows the file system that holds the store")
  func space() throws {
    let tree = try TestTree(.directory)
    let space = try tree.tree.space()
    #expect(space.blocks > 0)
    #expect(space.blockSize > 0)
    #expect(try TestTree().tree.space().blocks == 0)
  }

  @Test("T5: every change in a read-only mount is EROFS")
  func readOnly() throws {
    let tree = try TestTree(options: { $0.isReadOnly = true })
    try tag(tree, "name")
    let error = Errno.readOnlyFileSystem
    for place in ["", "incoming", "refs", "blobs/sha256"] {
      #expect(throws: error) { _ = try tree.create("\(place)/new") }
      #expect(throws: error) { try tree.makeDirectory("\(place)/new") }
    }
    for path in ["refs/name", try tree.blobPath(digest("content"))] {
      #expect(throws: error) { _ = try tree.open(path, writing: true) }
      #expect(throws: error) { try tree.remove(path) }
      #expect(throws: error) { try tree.rename(path, to: "refs/other") }
      #expect(throws: error) { try tree.set(path) { $0.permissions = 0 } }
      #expect(throws: error) { try tree.setExtendedAttribute("user.note", "x", of: path) }
    }
    #expect(tree.tree.refuseSpecial(in: .root) == error)
    #expect(try tree.attributes("refs/name").permissions == 0o444)
  }

  @Test("T5: links and devices are EPERM, and directories of the mount's own are EROFS")
  func special() throws {
    let tree = try full()
    #expect(tree.tree.refuseSpecial(in: .root) == .notPermitted)
    for place in ["blobs", "images", "images/c"] {
      #expect(throws: Errno.readOnlyFileSystem) { _ = try tree.create("\(place)/new") }
      #expect(throws: Errno.readOnlyFileSystem) { try tree.makeDirectory("\(place)/new") }
    }
  }

  @Test("T5: a name of more than 255 bytes is ENAMETOOLONG", arguments: ["x", "\u{E9}"])
  func longNames(_ character: String) throws {
    let tree = try TestTree()
    let longest = String(repeating: character, count: 255 / character.utf8.count)
    try tree.save("incoming/\(longest)", "content")
    #expect(throws: Errno.fileNameTooLong) { _ = try tree.create("incoming/\(longest)\(character)") }
    #expect(throws: Errno.fileNameTooLong) { try tree.lookup("blobs/\(longest)\(character)") }
  }

  @Test("M6: the status counts what is open and what was done")
  func status() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    #expect(tree.tree.status.openFiles == 1)
    try tree.close(file)
    try tree.release(file)
    _ = try tree.read(tree.blobPath(digest("content")))
    let status = tree.tree.status
    #expect(status.openFiles == 0)
    #expect(status.pendingCommits == 0)
    #expect(
      status.counters.map(\.name)
        == [
          "bytes_read", "bytes_written", "opens", "verifications", "commits", "discards", "failures", "merges",
          "conflicts", "refusals",
        ])
    #expect(status.counters.map(\.value) == [7, 7, 1, 0, 1, 0, 0, 0, 0, 0])
  }
}
