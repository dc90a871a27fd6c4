import CAS
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("Layouts of other tools", .boundedInTime)
struct InteropTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Reads and verifies a manifest and everything it names.
  private func checkImage(_ engine: any Engine, _ tag: String) throws {
    let root = try engine.reference(named: try ReferenceName(reading: tag))
    let manifest = try JSON(parsing: (try engine.text(root.digest)).bytes)
    let config = try Descriptor(try #require(manifest["config"]))
    #expect(try engine.blobContents(config.digest, limit: 1 << 20).count == config.size)
  }

  @Test("D1: a layout by umoci is read and changed, and umoci reads the changes")
  func umoci() throws {
    let path = folder("umoci")
    try SystemCommand.expect("umoci", "init", "--layout", path)
    #expect(try openStore(path).listReferences().isEmpty)
    try SystemCommand.expect("umoci", "new", "--image", path + ":one")
    let engine = try openStore(path)
    #expect(try engine.listReferences().map(\.name.description) == ["one"])
    try checkImage(engine, "one")
    try engine.putReference(
      try engine.reference(named: try ReferenceName(reading: "one")), named: try ReferenceName(reading: "two"))
    #expect(
      try SystemCommand.expect("umoci", "ls", "--layout", path).split(separator: "\n").sorted() == ["one", "two"])
    try SystemCommand.expect("umoci", "rm", "--image", path + ":one")
    #expect(try engine.listReferences().map(\.name.description) == ["two"])
    try SystemCommand.expect("umoci", "gc", "--layout", path)
    try checkImage(engine, "two")
  }

  @Test("D1: umoci writes into a store by casfs, skopeo copies it, and casfs reads the copy")
  func ours() throws {
    let store = try folder.store()
    try SystemCommand.expect("umoci", "new", "--image", folder("store") + ":tag")
    try SystemCommand.expect("umoci", "config", "--image", folder("store") + ":tag", "--author", "nobody")
    try checkImage(store, "tag")
    try SystemCommand.expect("skopeo", "inspect", "--raw", "oci:\(folder("store")):tag")
    try SystemCommand.expect(
      "skopeo", "--insecure-policy", "copy", "oci:\(folder("store")):tag", "oci:\(folder("copy")):other")
    let copy = try openStore(folder("copy"))
    try checkImage(copy, "other")
    // Puts skopeo's copy into the store, and lets skopeo read it.
    try copy.forEachBlob { (digest) throws(CASError) in
      _ = try store.putBlob(try copy.blobContents(digest, limit: 1 << 20))
    }
    try store.putReference(
      try copy.reference(named: try ReferenceName(reading: "other")), named: try ReferenceName(reading: "back/again"))
    let raw = try SystemCommand.expect("skopeo", "inspect", "--raw", "oci:\(folder("store")):back/again")
    #expect(try raw == copy.text(try copy.reference(named: try ReferenceName(reading: "other")).digest))
    #expect(try store.clean() == 0)
  }

  @Test("D9: skopeo copies into a store by casfs and keeps its references")
  func skopeoInto() throws {
    let store = try folder.store()
    try store.putReference(try Descriptor.sample("kept"), named: try ReferenceName(reading: "kept"))
    try SystemCommand.expect("umoci", "init", "--layout", folder("source"))
    try SystemCommand.expect("umoci", "new", "--image", folder("source") + ":s")
    try SystemCommand.expect(
      "skopeo", "--insecure-policy", "copy", "oci:\(folder("source")):s", "oci:\(folder("store")):into")
    #expect(try Set(store.listReferences().map(\.name.description)) == ["kept", "into"])
    try checkImage(store, "into")
    try store.deleteReference(named: try ReferenceName(reading: "kept"))
    try checkImage(try openStore(folder("store")), "into")
  }

  @Test("D1: casfs reads an image by buildah, and buildah commits into a store by casfs")
  func buildah() throws {
    let storage = ["--root", folder("root"), "--runroot", folder("run"), "--storage-driver", "vfs"]
    let container = try SystemCommand.expect(["buildah"] + storage + ["from", "scratch"]).split(separator: "\n").last
      .map(String.init)
    let store = try folder.store()
    for target in ["theirs", "store"] {
      try SystemCommand.expect(
        ["buildah"] + storage + ["commit", try #require(container), "oci:\(folder(target)):made"])
    }
    try checkImage(try openStore(folder("theirs")), "made")
    try checkImage(store, "made")
    try SystemCommand.expect(["buildah"] + storage + ["rm", "--all"])
  }
}
