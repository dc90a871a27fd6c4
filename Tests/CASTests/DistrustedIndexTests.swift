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
}
