import CAS
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// Blobs as files.
@Suite struct BlobNodeTests {
  @Test("B1: a blob cannot be opened for writing or truncated, by root either", arguments: [false, true])
  func readOnly(_ isReadOnlyMount: Bool) throws {
    let tree = try TestTree { $0.isReadOnly = isReadOnlyMount }
    let path = try tree.blobPath(tree.put("content"))
    #expect(throws: Errno.readOnlyFileSystem) { _ = try tree.open(path, writing: true) }
    if isReadOnlyMount { #expect(throws: Errno.readOnlyFileSystem) { _ = try tree.open(path, truncating: true) } }
    #expect(throws: Errno.readOnlyFileSystem) { try tree.set(path) { $0.size = 0 } }
    #expect(try tree.read(path) == "content")
  }

  @Test("B1: a blob has mode 0444, and a read-only mount takes no other mode, owner or time")
  func metadata() throws {
    let tree = try TestTree { $0.isReadOnly = true }
    let path = try tree.blobPath(tree.put("content"))
    #expect(throws: Errno.readOnlyFileSystem) { try tree.set(path) { $0.permissions = 0o644 } }
    #expect(throws: Errno.readOnlyFileSystem) { try tree.set(path) { $0.user = 7 } }
    #expect(throws: Errno.readOnlyFileSystem) { try tree.set(path) { $0.modified = .now } }
    #expect(throws: Errno.readOnlyFileSystem) { try tree.setExtendedAttribute("user.note", "x", of: path) }
    #expect(try tree.attributes(path).permissions == 0o444)
  }

  @Test("B1: a handle for reading refuses writes")
  func readingHandle() throws {
    let tree = try TestTree()
    let file = try tree.open(tree.blobPath(tree.put("content")))
    #expect(throws: Errno.badFileDescriptor) { try tree.write(file, "x") }
  }

  @Test("B2: a committed name moves to its digest below blobs", arguments: Digest.Algorithm.allCases)
  func move(_ algorithm: Digest.Algorithm) throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "content")
    let path = try tree.blobPath(digest("content", algorithm))
    try tree.rename("incoming/f", to: path)
    #expect(try tree.names("incoming") == [])
    #expect(try tree.read(path) == "content")
    #expect(try tree.attributes(path).permissions == 0o444)
  }

  @Test("B2: a move to another digest is EBADMSG, and the name stays", arguments: Digest.Algorithm.allCases)
  func wrongMove(_ algorithm: Digest.Algorithm) throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "wrong")
    let path = try tree.blobPath(digest("right", algorithm))
    #expect(throws: Errno.badMessage) { try tree.rename("incoming/f", to: path) }
    #expect(try tree.names("incoming") == ["f"])
    #expect(try tree.blobCount() == 1)
  }

  @Test("B2: a move of a name that is being written is EBUSY")
  func busyMove() throws {
    let tree = try TestTree()
    let file = try tree.create("incoming/f")
    try tree.write(file, "content")
    let path = try tree.blobPath(digest("content"))
    #expect(throws: Errno.resourceBusy) { try tree.rename("incoming/f", to: path) }
    try tree.close(file)
    #expect(throws: Errno.resourceBusy) { try tree.rename("incoming/f", to: path) }
    try tree.release(file)
    try tree.rename("incoming/f", to: path)
  }

  @Test("B2: the close of an empty file under another digest is EBADMSG, and a child can still write it")
  func emptyUnderDigest() throws {
    let tree = try TestTree()
    let path = try tree.blobPath(digest("content"))
    let file = try tree.create(path)
    tree.duplicate(file)
    try tree.close(file)
    tree.duplicate(file, by: .child)
    #expect(throws: Errno.badMessage) { try tree.close(file) }
    try tree.write(file, "content")
    try tree.close(file, by: .child)
    try tree.release(file)
    #expect(try tree.isStored("content"))
  }

  @Test(
    "B2: the close of an empty file under its digest succeeds, and the blob is there",
    arguments: TestStoreKind.allCases)
  func emptyUnderItsDigest(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let file = try tree.create(tree.blobPath(digest("")))
    try tree.close(file)
    #expect(try tree.isStored(""))
    try tree.release(file)
  }

  @Test("B2: mknod(2) under another digest is EBADMSG, and stores nothing")
  func made() throws {
    let tree = try TestTree()
    #expect(throws: Errno.badMessage) {
      _ = try tree.tree.makeFile(
        digest("content").hex, permissions: 0o644, in: tree.node("blobs/sha256"), tree.context())
    }
    #expect(try tree.blobCount() == 0)
  }

  @Test("B2: a move that must not replace is EEXIST when the blob was stored before")
  func moveWithoutReplacing() throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "content")
    let path = try tree.blobPath(digest("content"))
    #expect(throws: Errno.fileExists) { try tree.rename("incoming/f", to: path, replacing: false) }
    let other = try tree.blobPath(digest("content", .sha512))
    try tree.rename("incoming/f", to: other, replacing: false)
    #expect(try tree.read(other) == "content")
  }

  @Test("B2: after the move, the node of the name takes no more writes")
  func movedNode() throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "content")
    let node = try tree.node("incoming/f")
    try tree.rename("incoming/f", to: tree.blobPath(digest("content")))
    #expect(throws: Errno.staleNFSFileHandle) {
      _ = try tree.tree.open(node, OpenRequest(isWriting: true), tree.context())
    }
  }

  @Test("B2: a file created under a digest becomes that blob at its close", arguments: Digest.Algorithm.allCases)
  func creation(_ algorithm: Digest.Algorithm) throws {
    let tree = try TestTree()
    let path = try tree.blobPath(digest("content", algorithm))
    let file = try tree.create(path)
    try tree.write(file, "content")
    #expect(!tree.exists(path))
    try tree.close(file)
    #expect(try tree.read(path) == "content")
    #expect(try tree.names("incoming") == [])
  }

  @Test(
    "B2: a file created under a digest is EBADMSG at its close when it has another",
    arguments: Digest.Algorithm.allCases)
  func wrongCreation(_ algorithm: Digest.Algorithm) throws {
    let tree = try TestTree()
    let file = try tree.create(tree.blobPath(digest("right", algorithm)))
    try tree.write(file, "wrong")
    #expect(throws: Errno.badMessage) { try tree.close(file) }
    try tree.release(file)
    #expect(try tree.blobCount() == 0)
  }

  @Test("B2: creating or moving a file to a name below blobs that is not a digest is EPERM")
  func noDigest() throws {
    let tree = try TestTree()
    try tree.save("incoming/f", "content")
    let upper = try digest("content").hex.uppercased()
    for name in ["name", upper] {
      #expect(throws: Errno.notPermitted) { _ = try tree.create("blobs/sha256/\(name)") }
      #expect(throws: Errno.notPermitted) { try tree.rename("incoming/f", to: "blobs/sha256/\(name)") }
    }
  }

  @Test("B3: a blob that no entry of the index reaches can be removed", arguments: TestStoreKind.allCases)
  func removal(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let path = try tree.blobPath(tree.put("content"))
    try tree.remove(path)
    #expect(try !tree.isStored("content"))
    #expect(throws: Errno.noSuchFileOrDirectory) { try tree.remove(path) }
  }

  @Test("B3: a blob that an entry reaches, directly or through others, is EBUSY", arguments: TestStoreKind.allCases)
  func reachable(_ kind: TestStoreKind) throws {
    let tree = try TestTree(kind)
    let config = try tree.put("{}")
    let layer = try tree.put("layer")
    let manifest = try tree.put(
      #"{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"\#(config)","size":2},"#
        + #""layers":[{"mediaType":"a/b","digest":"\#(layer)","size":5}]}"#)
    try tree.save("refs/app", manifest.description)
    for digest in [config, layer, manifest] {
      #expect(throws: Errno.resourceBusy) { try tree.remove(tree.blobPath(digest)) }
    }
    try tree.remove("refs/app")
    for digest in [config, layer, manifest] { try tree.remove(tree.blobPath(digest)) }
    #expect(try tree.blobCount() == 0)
  }

  @Test("B3: every blob is EBUSY while a manifest that may reach it cannot be read")
  func unreadableManifest() throws {
    let tree = try TestTree()
    let broken = try tree.put(#"{"config":{},"layers":5}"#)
    try tree.engine.putReference(
      Descriptor(mediaType: MediaType.imageManifest, digest: broken, size: 24), named: ReferenceName("broken"))
    let loose = try tree.put("loose")
    #expect(throws: Errno.resourceBusy) { try tree.remove(tree.blobPath(loose)) }
    #expect(try tree.isStored("loose"))
  }

  /// Replaces the file of a blob in a directory.
  private func replace(_ digest: Digest, in tree: TestTree, with text: String) throws {
    let file = try #require(tree.folder)["store/" + tree.blobPath(digest)]
    try FileManager.default.removeItem(at: file)
    try Data(text.utf8).write(to: file)
  }

  @Test("B4: a blob whose file was replaced keeps its inode number, and its name leads to the new copy")
  func replaced() throws {
    let tree = try TestTree(.directory)
    let digest = try tree.put("content")
    let before = try tree.lookup(tree.blobPath(digest))
    try replace(digest, in: tree, with: "content")
    let after = try tree.lookup(tree.blobPath(digest))
    #expect(after.node != before.node)
    #expect(after.attributes.inode == before.attributes.inode)
    #expect(try tree.read(tree.blobPath(digest)) == "content")
  }

  @Test("B4: an open of the old copy is ESTALE")
  func staleNode() throws {
    let tree = try TestTree(.directory)
    let digest = try tree.put("content")
    let old = try tree.node(tree.blobPath(digest))
    try replace(digest, in: tree, with: "content")
    #expect(throws: Errno.staleNFSFileHandle) {
      _ = try tree.tree.open(old, OpenRequest(isWriting: false), tree.context())
    }
  }

  @Test("B4: a reader continues to read a blob that is deleted or replaced", arguments: [true, false])
  func reader(_ isReplaced: Bool) throws {
    let tree = try TestTree(.directory)
    let digest = try tree.put("content")
    let file = try tree.open(tree.blobPath(digest))
    if isReplaced { try replace(digest, in: tree, with: "content") } else { try tree.remove(tree.blobPath(digest)) }
    #expect(try tree.read(file) == "content")
  }

  @Test("V2: a blob whose content has another digest is EIO, and is counted")
  func corrupt() throws {
    let tree = try TestTree(.directory)
    let digest = try tree.put("content")
    try replace(digest, in: tree, with: "CONTENT")
    #expect(throws: Errno.ioError) { _ = try tree.read(tree.blobPath(digest)) }
    #expect(tree.counter("failures") == 1)
  }

  @Test("V1: a blob that this mount committed is not verified again, and another is verified once")
  func verifications() throws {
    let tree = try TestTree(.directory)
    try tree.save("incoming/f", "content")
    _ = try tree.read(tree.blobPath(digest("content")))
    #expect(tree.counter("verifications") == 0)
    try replace(digest("content"), in: tree, with: "content")
    for _ in 0..<2 { _ = try tree.read(tree.blobPath(digest("content"))) }
    #expect(tree.counter("verifications") == 1)
  }

  @Test("V4: the kernel may cache a blob and read its file, unless every open is verified", arguments: [true, false])
  func caching(_ isCached: Bool) throws {
    let tree = try TestTree(.directory, options: { $0.cachesBlobs = isCached })
    let long = try tree.put(String(repeating: "long", count: 100_000))
    let opened = try tree.open(tree.blobPath(long)).opened
    #expect((opened.backing != nil) == isCached)
    #expect({ if case .keepCache = opened.cachePolicy { true } else { false } }() == isCached)
    let short = try tree.open(tree.blobPath(tree.put("short"))).opened
    #expect(short.backing == nil)
  }
}
