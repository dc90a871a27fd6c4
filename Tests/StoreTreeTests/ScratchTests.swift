import CAS
import CASPlatform
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// The temporary content of tools, and the blobs that it becomes.
@Suite struct ScratchTests {
  private static let hex = String(repeating: "0", count: 64)

  @Test(
    "W7: the names of tools can be made in the root",
    arguments: [
      "oci-put-blob123", "index.json.99.tmp", "index.json.lock", ".dat.nosync1a.Xy", "sedAbC12z", "index.json.tmp",
      "XXqWQ8SN",
      ".index.json.swp", "index.json~", "4913", ".casfs-tmp-00",
    ])
  func files(_ name: String) throws {
    let tree = try TestTree()
    try tree.save(name, "content")
    #expect(try tree.read(name) == "content")
    try tree.remove(name)
    #expect(!tree.exists(name))
  }

  @Test(
    "W7: no other name can be made there",
    arguments: [
      "other", "oci-put-blob", "oci-put-blob1x", "index.json.tmp2", "index.jsonx", "sedAbC", "sedAbC12zz", "blobs2",
      "XXqWQ8S", "XXqWQ8S-",
      "INDEX.JSON", "\(ScratchTests.hex)1", "1.tmp", ".umoci-1",
    ])
  func otherFiles(_ name: String) throws {
    let tree = try TestTree()
    #expect(throws: Errno.notPermitted) { _ = try tree.create(name) }
    #expect(!tree.exists(name))
  }

  @Test(
    "W7: directories of tools can be made in the root, and others are EPERM",
    arguments: [
      (".umoci-12", true), ("ingest", true), (".fsverity-check-1", true), ("other", false), (".umoci-x", false),
    ])
  func directories(_ name: String, _ isAllowed: Bool) throws {
    let tree = try TestTree()
    guard isAllowed else {
      #expect(throws: Errno.notPermitted) { try tree.makeDirectory(name) }
      return
    }
    try tree.makeDirectory(name)
    #expect(throws: Errno.fileExists) { try tree.makeDirectory(name) }
    try tree.makeDirectory("\(name)/below")
    try tree.save("\(name)/below/f", "content")
    try tree.rename("\(name)/below/f", to: "\(name)/g")
    #expect(try tree.read("\(name)/g") == "content")
    try tree.remove("\(name)/g")
    try tree.removeDirectory("\(name)/below")
    try tree.removeDirectory(name)
    #expect(!tree.exists(name))
  }

  @Test(
    "W7: crane's and regctl's names can be made beside blobs, and others are EPERM",
    arguments: [
      ("\(ScratchTests.hex)7", true), ("12.tmp", true), ("\(ScratchTests.hex).7.tmp", true), ("x.tmp", false),
      ("\(ScratchTests.hex)x", false), ("oci-put-blob1", false), ("f", false),
    ])
  func besideBlobs(_ name: String, _ isAllowed: Bool) throws {
    let tree = try TestTree()
    let path = "blobs/sha256/\(name)"
    guard isAllowed else {
      #expect(throws: Errno.notPermitted) { _ = try tree.create(path) }
      return
    }
    try tree.save(path, "content")
    try tree.rename(path, to: tree.blobPath(digest("content")))
    #expect(try tree.isStored("content"))
    #expect(!tree.exists(path))
  }

  @Test("W7: fsync(2) does not write temporary content out, and the rename stores it")
  func synchronize() throws {
    let engine = try FaultyEngine()
    let tree = TestTree(over: engine)
    let file = try tree.create("oci-put-blob1")
    try tree.write(file, "content")
    engine.fail { $0.writeOut = .ioError }
    try tree.tree.synchronize(file.opened.handle, tree.context())
    try tree.close(file)
    try tree.release(file)
    try tree.rename("oci-put-blob1", to: tree.blobPath(digest("content")))
    #expect(try tree.isStored("content"))
  }

  @Test(
    "W7: content with a name for a new index.json is not hashed while it is written, and can become a blob as well",
    arguments: [
      ("index.json.7.tmp", true), ("index.json.tmp", true), (".index.json.Qx3", true), ("sedAbC123", true),
      ("oci-put-blob1", false), (".dat.nosync1", false), (".casfs-tmp-1", false),
    ])
  func deferredHash(_ name: String, _ isDeferred: Bool) throws {
    let engine = try FaultyEngine()
    let tree = TestTree(over: engine)
    try tree.save(name, "content")
    #expect(engine.faults.withLock { $0.deferrals } == (isDeferred ? 1 : 0))
    try tree.rename(name, to: tree.blobPath(digest("content")))
    #expect(try tree.isStored("content"))
  }

  @Test("W7: temporary content is listed to its process alone, and found by name by others")
  func listing() throws {
    let tree = try TestTree()
    try tree.save("oci-put-blob1", "content")
    try tree.save("blobs/sha256/1.tmp", "content")
    for (path, name) in [("", "oci-put-blob1"), ("blobs/sha256", "1.tmp")] {
      #expect(try tree.names(path).contains(name))
      #expect(try !tree.names(path, tree.context(.child)).contains(name))
    }
    _ = try tree.lookup("oci-put-blob1", tree.context(.child))
    #expect(try tree.blobCount() == 0)
  }

  @Test("W7: each process has an ingest and an index.json.lock of its own", arguments: [true, false])
  func ofProcess(_ isDirectory: Bool) throws {
    let tree = try TestTree()
    let name = isDirectory ? "ingest" : "index.json.lock"
    func make(_ caller: Int32) throws {
      if isDirectory {
        try tree.makeDirectory(name, tree.context(caller))
      } else {
        let file = try tree.create(name, by: caller)
        try tree.close(file, by: caller)
        try tree.release(file)
      }
    }
    try make(.opener)
    try make(.child)
    #expect(throws: Errno.fileExists) { try make(.opener) }
    #expect(try tree.names("").filter { $0 == name }.count == 1)
    // The kernel must not find that of one process for another.
    #expect(try tree.lookup(name).entryTimeout == .zero)
  }

  @Test("W7: temporary content is gone when its process and its descriptors are")
  func abandoned() throws {
    let tree = try TestTree()
    try tree.save("oci-put-blob1", "content")
    try tree.makeDirectory("ingest")
    try tree.save("ingest/f", "content")
    try tree.save("index.json.tmp", "content")
    let open = try tree.create("oci-put-blob2")
    #expect(tree.tree.trimCaches(), "the files wait for the end of their process")
    #expect(tree.exists("oci-put-blob1"))
    tree.processes.end(.opener)
    tree.tree.trimCaches()
    #expect(!tree.exists("oci-put-blob1"))
    #expect(!tree.exists("ingest"))
    #expect(tree.exists("oci-put-blob2"))
    // One process writes it, another renames it.
    #expect(tree.exists("index.json.tmp"))
    try tree.release(open)
    #expect(!tree.tree.trimCaches())
    #expect(!tree.exists("oci-put-blob2"))
  }

  @Test("W8: a rename to a digest stores the content", arguments: TestStoreKind.allCases, [true, false])
  func move(_ kind: TestStoreKind, isOpen: Bool) throws {
    let tree = try TestTree(kind)
    let file = try tree.create("oci-put-blob1")
    try tree.write(file, "content")
    if !isOpen { try tree.close(file) }
    try tree.rename("oci-put-blob1", to: tree.blobPath(digest("content")))
    #expect(try tree.isStored("content"))
    #expect(try tree.names("") == tree.names("", tree.context(.child)))
    if isOpen {
      #expect(throws: Errno.readOnlyFileSystem) { try tree.write(file, "more") }
      try tree.close(file)
    }
    try tree.release(file)
  }

  @Test("W8: a rename to another digest is EBADMSG, stores nothing, and keeps the content")
  func wrongMove() throws {
    let tree = try TestTree()
    try tree.save("oci-put-blob1", "content")
    #expect(throws: Errno.badMessage) { try tree.rename("oci-put-blob1", to: tree.blobPath(digest("other"))) }
    #expect(try tree.blobCount() == 0)
    #expect(try tree.read("oci-put-blob1") == "content")
    try tree.rename("oci-put-blob1", to: tree.blobPath(digest("content")))
    #expect(try tree.blobCount() == 1)
  }

  @Test("W8: content that another process has open for writing is EBUSY")
  func foreignWriter() throws {
    let tree = try TestTree()
    let file = try tree.create("oci-put-blob1", by: .child)
    try tree.write(file, "content")
    #expect(throws: Errno.resourceBusy) { try tree.rename("oci-put-blob1", to: tree.blobPath(digest("content"))) }
    try tree.release(file)
    try tree.rename("oci-put-blob1", to: tree.blobPath(digest("content")))
  }

  @Test("W8: a stored blob is written again by rename", arguments: TestStoreKind.allCases)
  func moveOver(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let path = try tree.blobPath(tree.put("content"))
    let reader = try tree.open(path)
    try tree.save("oci-put-blob1", "content")
    try tree.rename("oci-put-blob1", to: path)
    #expect(try tree.read(reader) == "content")
    #expect(try tree.blobCount() == 1)
  }

  @Test("W8: a stored blob is written again in place, and its readers keep it", arguments: ["content", "other", ""])
  func rewrite(_ text: String) throws {
    let tree = try TestTree(.directory)
    let path = try tree.blobPath(tree.put("content"))
    let node = try tree.lookup(path).node
    // The kernel repeats a lookup and an open that fail with ESTALE.
    #expect(throws: Errno.staleNFSFileHandle) { _ = try tree.open(path, writing: true, truncating: true) }
    #expect(try tree.lookup(path, tree.context(.child)).node == node)
    let file = try tree.open(path, writing: true, truncating: true)
    #expect(file.node != node)
    if !text.isEmpty { try tree.write(file, text) }
    #expect(try tree.read(path) == "content")
    if text == "content" {
      try tree.close(file)
    } else if !text.isEmpty {
      #expect(throws: Errno.badMessage) { try tree.close(file) }
    }
    try? tree.release(file)
    #expect(try tree.read(path) == "content")
    #expect(try tree.blobCount() == 1)
  }

  @Test("W8: temporary content of the root becomes a blob of any algorithm", arguments: [true, false])
  func otherAlgorithm(_ isOpen: Bool) throws {
    let tree = try TestTree()
    let text = String(repeating: "content", count: 300_000)
    let file = try tree.create("oci-put-blob1")
    try tree.write(file, text)
    if !isOpen {
      try tree.close(file)
      try tree.release(file)
    }
    let wrong = try tree.blobPath(digest("other", .sha512))
    #expect(throws: Errno.badMessage) { try tree.rename("oci-put-blob1", to: wrong) }
    try tree.rename("oci-put-blob1", to: tree.blobPath(digest(text, .sha512)))
    #expect(try tree.isStored(text, .sha512))
    #expect(try tree.blobCount() == 1)
    guard isOpen else { return }
    try tree.close(file)
    try tree.release(file)
  }

  @Test("W8: content that had another digest of one algorithm can become a blob of the other")
  func algorithmAfterRefusal() throws {
    let tree = try TestTree()
    try tree.save("oci-put-blob1", "content")
    let wrong = try tree.blobPath(digest("other", .sha512))
    #expect(throws: Errno.badMessage) { try tree.rename("oci-put-blob1", to: wrong) }
    try tree.rename("oci-put-blob1", to: tree.blobPath(digest("content")))
    #expect(try tree.isStored("content"))
  }

  @Test("W8: a stored blob is never truncated, or opened for writing without O_TRUNC")
  func truncated() throws {
    let tree = try TestTree()
    let path = try tree.blobPath(tree.put("content"))
    #expect(throws: Errno.readOnlyFileSystem) { _ = try tree.open(path, writing: true) }
    #expect(throws: Errno.readOnlyFileSystem) { try tree.set(path) { $0.size = 0 } }
  }

  @Test("W9: temporary content has a mode, an owner and times; those of a blob are accepted and not kept")
  func metadata() throws {
    let tree = try TestTree()
    try tree.save("oci-put-blob1", "content")
    try tree.set("oci-put-blob1") { $0.permissions = 0o444 }
    #expect(try tree.attributes("oci-put-blob1").permissions == 0o444)
    let path = try tree.blobPath(digest("content"))
    try tree.rename("oci-put-blob1", to: path)
    try tree.set(path) { $0.permissions = 0o600 }
    try tree.set(path) { $0.modified = Timestamp(seconds: 1, nanoseconds: 0) }
    #expect(try tree.attributes(path).permissions == 0o444)
    #expect(try tree.attributes(path).modified != Timestamp(seconds: 1, nanoseconds: 0))
  }
}
