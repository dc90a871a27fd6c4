import CAS
import Foundation
import OCI
import TestSupport
import Testing

@Suite("F13: content that descriptors embed", .boundedInTime)
struct EmbeddedContentTests {
  private func descriptor(_ text: String, data: String, as mediaType: String = "a/b") throws -> Descriptor {
    let digest = try Digest.of(Array(text.utf8))
    let json =
      "{\"mediaType\":\"\(mediaType)\",\"digest\":\"\(digest)\",\"size\":\(text.utf8.count),\"data\":\"\(data)\"}"
    return try Descriptor(parsing: Array(json.utf8))
  }

  private func embedding(_ text: String, as mediaType: String = "a/b") throws -> Descriptor {
    try descriptor(text, data: Data(text.utf8).base64EncodedString(), as: mediaType)
  }

  private func found(_ engine: any Engine) throws -> [String] {
    var problems: [String] = []
    try engine.check { problems.append("\($0.kind.rawValue) \($0.subject)") }
    return problems.sorted()
  }

  @Test("F13: embedded content is not missing, is followed, and is copied as a blob", arguments: StoreKind.all)
  func counts(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let layer = try images.put("layer")
      // Every length of the last group of base64, and an embedded manifest that keeps a stored layer.
      let configs = try ["", "a", "ab", "abc", "abcd"].map { try embedding($0) }
      let inner = try embedding(
        "{\"schemaVersion\":2,\"config\":\(configs[0]),\"layers\":[\(layer)]}", as: MediaType.imageManifest)
      let index = try images.index([images.manifest(configs[1], configs), inner])
      try images.tag(index, "a")
      #expect(try found(store.engine) == [])
      #expect(try store.engine.collect().isEmpty)
      try withStore(.archive) { (target) throws in
        try store.engine.copy(index, to: target.engine, named: ReferenceName("a"))
        for (text, config) in zip(["", "a", "ab", "abc", "abcd"], configs) {
          #expect(try target.engine.blobContents(config.digest, limit: 10) == Array(text.utf8))
        }
        #expect(try target.engine.blobContents(inner.digest, limit: 10_000).count == Int(inner.size))
        #expect(try found(target.engine) == [])
      }
    }
  }

  @Test(
    "F13: embedded data that is malformed, or other content, is an error of its descriptor",
    arguments: ["bGF5ZXI", "bGF5ZX==", "b3RoZXI=", "bGF5=XI=", "bGF5*XI=", "=", "bGF5ZXJz"])
  func wrong(_ data: String) throws {
    try withStore(.archive) { (store) throws in
      let images = Images(store)
      let layer = try descriptor("layer", data: data)
      let manifest = try images.manifest(images.put("config"), [layer])
      try images.tag(manifest, "a")
      #expect(try found(store.engine) == ["bad-descriptor \(layer.digest)", "missing \(layer.digest)"])
      try withStore(.archive) { (target) throws in
        let name = try ReferenceName("a")
        let error = failure { () throws(CASError) in
          try store.engine.copy(manifest, to: target.engine, named: name)
        }
        #expect(error?.code == .invalid && error?.cause.contains("embedded data") == true)
        #expect(try target.digests().isEmpty)
      }
      // A stored blob counts more.
      _ = try images.put("layer")
      #expect(try found(store.engine) == ["bad-descriptor \(layer.digest)"])
    }
  }

  @Test("F13: a reference to embedded content can be put", arguments: StoreKind.all)
  func put(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let descriptor = try embedding("{}", as: MediaType.imageManifest)
      try store.engine.putReferenceToStored(descriptor, named: ReferenceName("a"))
      #expect(try store.engine.reference(named: ReferenceName("a")) == descriptor)
      let (other, name) = (try Descriptor.sample(1), try ReferenceName("b"))
      let error = failure { () throws(CASError) in try store.engine.putReferenceToStored(other, named: name) }
      #expect(error?.code == .notFound)
    }
  }
}
