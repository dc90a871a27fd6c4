import CAS
import Foundation
import OCI
import TestSupport
import Testing

/// Garbage collection of stores whose index looks lost, or has what casfs cannot judge.
@Suite(.boundedInTime)
struct DistrustedIndexTests {
  @Test("G1: a store without references is not collected unless the options allow it", arguments: StoreKind.all)
  func emptyIndex(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      #expect(try store.engine.collect(allowsEmptyIndex: false) == [])
      let images = Images(store)
      let manifest = try images.manifest(images.put("config"), [images.put("layer")])
      for grace in [Duration.zero, .seconds(86_400)] {
        for isDryRun in [true, false] {
          let error = failure { () throws(CASError) in
            try store.engine.collect(grace: grace, isDryRun: isDryRun, allowsEmptyIndex: false)
          }
          #expect(error?.code == .invalid && error?.cause.hasPrefix("index without stored content") == true)
        }
      }
      #expect(try store.digests().count == 3)
      try images.tag(manifest, "a")
      #expect(try store.engine.collect(allowsEmptyIndex: false) == [])
      try store.engine.deleteReference(named: ReferenceName("a"))
      #expect(try store.engine.collect(allowsEmptyIndex: true).count == 3)
    }
  }

  @Test(
    "G1: a store with an emptied index is not collected, whatever the form of the index",
    arguments: [
      "{\"schemaVersion\":2,\"manifests\":null}", "{\"schemaVersion\":2,\"manifests\":[]}", "{\"schemaVersion\":2}",
      "{}",
    ])
  func emptied(_ index: String) throws {
    try withStore(.all[1]) { (store) throws in
      _ = try Images(store).put("loose")
      try Data(index.utf8).write(to: store.folder.appending(path: "store/index.json"))
      #expect(failure { () throws(CASError) in try store.engine.collect(allowsEmptyIndex: false) }?.code == .invalid)
      #expect(try store.digests().count == 1)
    }
  }

  @Test("G1: an index that reaches only absent content counts as empty", arguments: StoreKind.directories)
  func dangling(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let manifest = try images.manifest(images.put("config"), [images.put("layer")])
      try images.tag(manifest, "a")
      try FileManager.default.removeItem(at: store.file(manifest.digest))
      let before = try store.digests()
      #expect(failure { () throws(CASError) in try store.engine.collect(allowsEmptyIndex: false) }?.code == .invalid)
      #expect(try store.digests() == before)
      // Once one image is there, the others' leftovers are garbage.
      let other = try images.manifest(images.put("other config"), [])
      try images.tag(other, "b")
      #expect(try store.engine.collect(allowsEmptyIndex: false) == before)
    }
  }

  @Test(
    "G1: documents that refer to content in a form of their own keep it, and are copied with it",
    arguments: StoreKind.all,
    [
      ("application/vnd.acme.bundle.v1", "{\"parts\":[\"LAYER\"],\"deep\":{\"er\":[{\"blob\":\"OTHER\"}]}}"),
      ("application/vnd.acme.bundle.v1+json", "{\"one\":DESCRIPTOR,\"list\":{\"of\":[\"OTHER\"]}}"),
      ("application/vnd.oci.artifact.manifest.v1+json", "{\"blobs\":[DESCRIPTOR,{\"digest\":\"OTHER\"}]}"),
      (MediaType.imageManifest, "{\"schemaVersion\":2,\"config\":DESCRIPTOR,\"blobs\":[\"OTHER\"]}"),
      (MediaType.imageIndex, "{\"schemaVersion\":2,\"manifests\":[],\"extra\":[DESCRIPTOR,\"OTHER\"]}"),
      (MediaType.dockerManifest, "{\"fsLayers\":[{\"blobSum\":\"LAYER\"}],\"more\":\"OTHER\"}"),
    ])
  func otherForms(_ kind: StoreKind, _ form: (mediaType: String, text: String)) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let (layer, other) = (try images.put("layer"), try images.put("other"))
      let text = form.text.replacing("DESCRIPTOR", with: layer.description)
        .replacing("LAYER", with: layer.digest.description).replacing("OTHER", with: other.digest.description)
      let document = try images.put(text, as: form.mediaType)
      try images.tag(document, "a")
      let kept = try store.digests()
      let loose = try images.put("loose").digest
      #expect(try store.engine.collect() == [loose])
      #expect(try store.digests() == kept)
      try withStore(.all[0]) { (target) throws in
        try store.engine.copy(document, to: target.engine, named: ReferenceName("copied"))
        #expect(try target.digests() == kept)
      }
    }
  }

  @Test(
    "G1: the layers of a Docker manifest of schema 1 stay, and are copied", arguments: StoreKind.all,
    [
      "application/vnd.docker.distribution.manifest.v1+prettyjws",
      "application/vnd.docker.distribution.manifest.v1+json",
      MediaType.octetStream, "application/json; charset=utf-8", MediaType.dockerManifest,
    ])
  func schemaOne(_ kind: StoreKind, _ mediaType: String) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let (base, top) = (try images.put("base"), try images.put("top"))
      let layers = [top, base, base].map { "{\"blobSum\":\"\($0.digest)\"}" }.joined(separator: ",")
      let manifest = try images.put(
        "{\"schemaVersion\":1,\"name\":\"a\",\"tag\":\"b\",\"fsLayers\":[\(layers)],\"history\":[]}", as: mediaType)
      // Alone, and in a list.
      try images.tag(manifest, "one")
      let list = try images.index([manifest], as: MediaType.dockerManifestList)
      try images.tag(list, "list")
      let loose = try images.put("loose").digest
      #expect(try store.engine.collect() == [loose])
      #expect(try store.digests().count == 4)
      try withStore(.all[0]) { (target) throws in
        try store.engine.copy(manifest, to: target.engine, named: ReferenceName("copied"))
        #expect(try target.digests() == [base.digest, top.digest, manifest.digest].sorted())
      }
      // A member of schema 1 beside a malformed list does not explain the list.
      let mixed = try images.put("{\"fsLayers\":[],\"config\":\(base),\"layers\":[{}]}", as: MediaType.imageManifest)
      try images.tag(mixed, "mixed")
      #expect(failure { () throws(CASError) in try store.engine.collect() }?.code == .invalid)
      try store.engine.deleteReference(named: ReferenceName("mixed"))
      try store.engine.deleteBlob(base.digest)
      try withStore(.all[0]) { (target) throws in
        let name = try ReferenceName("copied")
        let error = failure { () throws(CASError) in try store.engine.copy(list, to: target.engine, named: name) }
        #expect(error?.code == .notFound && error?.subject == base.digest.description)
        #expect(try target.digests() == [])
      }
    }
  }

  @Test(
    "G1: a digest of an unsupported algorithm in a manifest does not stop the collection", arguments: StoreKind.all)
  func unknownAlgorithm(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let config = try images.put("config")
      let unknown = "{\"mediaType\":\"x/layer\",\"digest\":\"sha384:\(String(repeating: "0", count: 96))\",\"size\":3}"
      let mixed = try images.put(
        "{\"schemaVersion\":2,\"config\":\(config),\"layers\":[\(images.put("layer")),\(unknown)]}",
        as: MediaType.imageManifest)
      try images.tag(mixed, "mixed")
      let kept = try store.digests()
      let loose = try images.put("loose").digest
      #expect(try store.engine.collect(isDryRun: true) == [loose])
      #expect(try store.engine.collect() == [loose])
      #expect(try store.digests() == kept)
      try withStore(.all[0]) { (target) throws in
        let name = try ReferenceName("copied")
        let error = failure { () throws(CASError) in try store.engine.copy(mixed, to: target.engine, named: name) }
        #expect(error?.code == .invalid)
        #expect(try target.digests() == [])
      }
    }
  }

  @Test("G1: content that a manifest under an unsupported algorithm refers to stays", arguments: StoreKind.directories)
  func unknownManifest(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let (config, layer) = (try images.put("config"), try images.put("layer"))
      let digest = String(repeating: "0", count: 64)
      let entry = """
        {"mediaType":"\(MediaType.imageManifest)","digest":"blake3:\(digest)","size":9,\
        "annotations":{"\(Descriptor.referenceNameKey)":"a"}}
        """
      try images.tag(layer, "z")
      let isIndex = kind.referenceFile == "index.json"
      let entries = "\(entry),\(layer.named(try ReferenceName("z")))"
      try Data((isIndex ? "{\"schemaVersion\":2,\"manifests\":[\(entries)]}" : entry).utf8)
        .write(to: store.folder.appending(path: "store/\(kind.referenceFile)"))
      // A manifest that is absent keeps nothing.
      #expect(try store.reopen().collect() == [config.digest])
      _ = try images.put("config")
      let folder = store.folder.appending(path: "store/blobs/blake3")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let file = folder.appending(path: digest)
      try Data("{\"schemaVersion\":2,\"config\":\(config),\"layers\":[\(layer)]}".utf8).write(to: file)
      #expect(try store.reopen().collect() == [])
      #expect(FileManager.default.fileExists(atPath: file.path))
      try Data("torn".utf8).write(to: file)
      #expect(failure { () throws(CASError) in try store.reopen().collect() }?.code == .invalid)
    }
  }
}
