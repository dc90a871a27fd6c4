import CAS
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("Other tools' layouts", .boundedInTime)
struct InteropTests {
  let folder: Folder

  init() throws {
    folder = try Folder()
  }

  /// Reads and verifies a manifest and everything it names.
  private func checkImage(_ engine: any Engine, _ tag: String) throws {
    let root = try engine.reference(named: try name(tag))
    let manifest = try JSON(parsing: bytes(try engine.text(root.digest)))
    let config = try Descriptor(try #require(manifest["config"]))
    #expect(try engine.blobContents(config.digest, limit: 1 << 20).count == config.size)
  }

  @Test("D1: a layout that umoci wrote is read, and changed under umoci's eyes")
  func umoci() throws {
    let path = folder("umoci")
    try run("umoci", "init", "--layout", path)
    #expect(try open(path).listReferences().isEmpty)
    try run("umoci", "new", "--image", path + ":one")
    let engine = try open(path)
    #expect(try engine.listReferences().map(\.name.description) == ["one"])
    try checkImage(engine, "one")
    try engine.putReference(try engine.reference(named: try name("one")), named: try name("two"))
    #expect(try run("umoci", "ls", "--layout", path).split(separator: "\n").sorted() == ["one", "two"])
    try run("umoci", "rm", "--image", path + ":one")
    #expect(try engine.listReferences().map(\.name.description) == ["two"])
    try run("umoci", "gc", "--layout", path)
    try checkImage(engine, "two")
  }

  @Test("D1: a store made here is written by umoci and read by skopeo, and skopeo's copy is read here")
  func ours() throws {
    let store = try folder.store()
    try run("umoci", "new", "--image", folder("store") + ":tag")
    try run("umoci", "config", "--image", folder("store") + ":tag", "--author", "nobody")
    try checkImage(store, "tag")
    try run("skopeo", "inspect", "--raw", "oci:\(folder("store")):tag")
    try run("skopeo", "--insecure-policy", "copy", "oci:\(folder("store")):tag", "oci:\(folder("copy")):other")
    let copy = try open(folder("copy"))
    try checkImage(copy, "other")
    // Put into ours what skopeo made, and let skopeo read it back.
    try copy.forEachBlob { (digest) throws(CASError) in
      _ = try store.putBlob(try copy.blobContents(digest, limit: 1 << 20))
    }
    try store.putReference(try copy.reference(named: try name("other")), named: try name("back/again"))
    let raw = try run("skopeo", "inspect", "--raw", "oci:\(folder("store")):back/again")
    #expect(try raw == copy.text(try copy.reference(named: try name("other")).digest))
    #expect(try store.clean() == 0)
  }

  @Test("D9: skopeo copies into a store made here, beside references put here")
  func skopeoInto() throws {
    let store = try folder.store()
    try store.putReference(try descriptor("kept"), named: try name("kept"))
    try run("umoci", "init", "--layout", folder("source"))
    try run("umoci", "new", "--image", folder("source") + ":s")
    try run("skopeo", "--insecure-policy", "copy", "oci:\(folder("source")):s", "oci:\(folder("store")):into")
    #expect(try Set(store.listReferences().map(\.name.description)) == ["kept", "into"])
    try checkImage(store, "into")
    try store.deleteReference(named: try name("kept"))
    try checkImage(try open(folder("store")), "into")
  }

  @Test("D1: an image that buildah made is read, and buildah commits into a store made here")
  func buildah() throws {
    let storage = ["--root", folder("root"), "--runroot", folder("run"), "--storage-driver", "vfs"]
    let container = try run(["buildah"] + storage + ["from", "scratch"]).split(separator: "\n").last.map(String.init)
    let store = try folder.store()
    for target in ["theirs", "store"] {
      try run(["buildah"] + storage + ["commit", try #require(container), "oci:\(folder(target)):made"])
    }
    try checkImage(try open(folder("theirs")), "made")
    try checkImage(store, "made")
    try run(["buildah"] + storage + ["rm", "--all"])
  }
}
