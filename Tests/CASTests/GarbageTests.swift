import CAS
import CASPlatform
import Foundation
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite(.boundedInTime)
struct GarbageTests {
  @Test(
    "D8: blobs reached through OCI and Docker manifests, indexes, lists, subject, config and layers are kept",
    arguments: StoreKind.all)
  func reaches(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let subject = try images.manifest(images.put("config of the subject"), [images.put("layer of the subject")])
      let signed = try images.manifest(images.put("config 1"), [images.put("layer 1")], subject: subject)
      let docker = try images.manifest(
        images.put("config 2"), [images.put("layer 1"), images.put("layer 2")], as: MediaType.dockerManifest)
      let list = try images.index([docker], as: MediaType.dockerManifestList)
      let nested = try images.index([images.index([signed]), list])
      // Manifests recognised by content, or by one of two media types.
      let untyped = try images.manifest(
        images.put("config 3"), [images.put("layer 3")], as: MediaType.octetStream)
      let artifact = try images.put(
        "{\"mediaType\":\"x/y+json\",\"blobs\":[\(images.put("part"))]}", as: "application/x+json")
      try images.tag(nested, "nested")
      try images.tag(untyped, "untyped")
      try images.tag(artifact, "artifact")
      let kept = try store.digests()
      #expect(kept.count == 17)
      let loose = try images.manifest(images.put("loose config"), [images.put("layer 1"), images.put("loose layer")])
      let garbage = try Set(store.digests()).subtracting(kept).sorted()
      #expect(garbage.count == 3 && garbage.contains(loose.digest))
      #expect(try store.engine.collect(isDryRun: true) == garbage)
      #expect(try store.digests().count == 20)
      #expect(try store.engine.collect() == garbage)
      #expect(try store.digests() == kept)
      #expect(try store.engine.collect() == [])
      try store.engine.deleteReference(named: ReferenceName("nested"))
      #expect(try store.engine.collect().count == 12)
      try store.engine.deleteReference(named: ReferenceName("untyped"))
      try store.engine.deleteReference(named: ReferenceName("artifact"))
      _ = try store.engine.collect()
      #expect(try store.digests() == [])
    }
  }

  @Test("D8: an entry without a name keeps what it reaches", arguments: [StoreKind.all[1]])
  func nameless(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let manifest = try images.manifest(images.put("config"), [images.put("layer")])
      try Data("{\"schemaVersion\":2,\"manifests\":[\(manifest)]}".utf8)
        .write(to: store.folder.appending(path: "store/index.json"))
      #expect(try store.engine.collect() == [])
      try Data("{\"schemaVersion\":2}".utf8).write(to: store.folder.appending(path: "store/index.json"))
      #expect(try store.reopen().collect().count == 3)
    }
  }

  @Test("D8: a manifest that cannot be read aborts with nothing removed", arguments: StoreKind.all)
  func unreadable(_ kind: StoreKind) throws {
    for content in [
      "no JSON", "[]", "{\"layers\":5}", "{\"layers\":[{\"digest\":\"sha256:00\"}]}", "{\"config\":\"x\"}",
      "{\"config\":{},\"config\":{}}", String(repeating: "[", count: 1000),
      "{\"x\":\"" + String(repeating: "x", count: Manifest.maximumSize) + "\"}",
    ] {
      try withStore(kind) { (store) throws in
        let images = Images(store)
        _ = try images.put("loose")
        try images.tag(images.index([images.put(content, as: MediaType.imageManifest)]), "broken")
        let before = try store.digests()
        for isDryRun in [true, false] {
          let error = failure { () throws(CASError) in try store.engine.collect(isDryRun: isDryRun) }
          #expect(error?.code == .invalid, "\(content.prefix(20))")
        }
        #expect(try store.digests() == before)
      }
    }
  }

  @Test(
    "D8: a corrupt manifest aborts with nothing removed, a corrupt layer does not", arguments: StoreKind.directories)
  func corrupt(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let layer = try images.put("layer")
      let manifest = try images.manifest(images.put("config", as: "application/vnd.oci.image.config.v1+json"), [layer])
      try images.tag(manifest, "a")
      let loose = try images.put("loose").digest
      let content = try store.engine.blobContents(manifest.digest, limit: 10_000)
      try store.corrupt(manifest.digest)
      let error = failure { () throws(CASError) in try store.engine.collect() }
      guard error?.code == .corrupt else { throw TestFailure("\(String(describing: error))") }
      #expect(try store.digests().count == 4)
      _ = try store.engine.putBlob(content)
      try store.corrupt(layer.digest)
      #expect(try store.engine.collect() == [loose])
    }
  }

  @Test("D8: a missing child or an unknown media type does not abort", arguments: StoreKind.all)
  func incomplete(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let manifest = try images.manifest(
        Descriptor.sample(1), [Descriptor.sample(2), images.put("layer", as: "x/unknown")])
      try images.tag(images.index([manifest, Descriptor.sample(3)]), "a")
      try images.tag(images.put("not JSON", as: "application/x+json"), "b")
      try images.tag(images.put("what is this?", as: "x/unknown"), "c")
      try images.tag(Descriptor.sample(4), "d")
      let kept = try store.digests()
      let loose = try images.put("loose").digest
      #expect(try store.engine.collect() == [loose])
      #expect(try store.digests() == kept)
    }
  }

  @Test("D8: a malformed entry aborts with nothing removed", arguments: StoreKind.directories)
  func badEntry(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      _ = try store.engine.putBlob([1])
      try Data("{\"schemaVersion\":2,\"manifests\":[{\"size\":1}]}".utf8)
        .write(to: store.folder.appending(path: "store/\(kind.referenceFile)"))
      #expect(failure { () throws(CASError) in try store.engine.collect() }?.code == .invalid)
      #expect(try store.digests().count == 1)
    }
  }

  @Test("D8: a blob younger than the grace period is kept, and a repeated put renews its age", arguments: StoreKind.all)
  func grace(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let old = try store.engine.putBlob([1]).digest
      let again = try store.engine.putBlob([2]).digest
      #expect(try store.engine.collect(grace: .seconds(3600)) == [])
      #expect(try store.engine.collect(grace: GarbageOptions().grace) == [])
      #expect(try store.engine.collect(grace: .seconds(Int64.max)) == [])
      if kind.isDirectory {
        for digest in [old, again] {
          try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -100)], ofItemAtPath: store.file(digest).path)
        }
      } else {
        Thread.sleep(for: .milliseconds(1100))
      }
      _ = try store.engine.putBlob([2])
      let young = try store.engine.putBlob([3]).digest
      #expect(try store.engine.collect(grace: .seconds(kind.isDirectory ? 90 : 1)) == [old])
      #expect(try store.digests() == [again, young].sorted())
      #expect(try store.engine.collect(grace: .seconds(-5)).count == 2)
    }
  }

  @Test("D8: a blob that gets a reference during a collection is kept", arguments: StoreKind.all)
  func referencedMeanwhile(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      for number in 0..<1000 { _ = try images.put("\(number)") }
      let other = try store.reopen()
      var kept: Set<Digest> = []
      var gone: Set<Digest> = []
      try store.engine.collectGarbage(GarbageOptions(grace: .zero, allowsEmptyIndex: true)) {
        (progress) throws(CASError) in
        gone.formUnion(progress.removed.map(\.digest))
        // After each removal, some of the remaining blobs get a reference through a manifest.
        var listed: [Digest] = []
        try other.forEachBlob { listed.append($0) }
        guard !progress.removed.isEmpty, let next = listed.first(where: { !kept.contains($0) }) else { return }
        do {
          let layer = Descriptor(mediaType: "x/layer", digest: next, size: 1)
          let text = "{\"schemaVersion\":2,\"config\":\(layer),\"layers\":[]}"
          let address = try other.putBlob(Array(text.utf8))
          let manifest = Descriptor(mediaType: MediaType.imageManifest, digest: address.digest, size: address.size)
          try other.putReference(manifest, named: ReferenceName("kept\(kept.count)"))
          kept.formUnion([next, address.digest])
        } catch {
          Issue.record(error)
        }
      }
      #expect(kept.count >= 4)
      #expect(gone.isDisjoint(with: kept))
      #expect(try store.digests() == kept.sorted())
    }
  }

  @Test(
    "D8: with a grace, puts and tags in any order lose nothing to a concurrent collection", arguments: StoreKind.all)
  func graceful(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let writing = Atomic(3)
      try onThreads(4) { (thread) in
        if thread == 3 {
          let other = try? store.reopen()
          while writing.load(ordering: .acquiring) > 0 {
            let error = failure { () throws(CASError) in _ = try other?.collect(grace: .seconds(60)) }
            #expect(error == nil)
          }
          return
        }
        #expect(throws: Never.self) {
          let images = Images(store)
          for number in 0..<40 {
            let manifest = try images.manifest(images.put("config \(number)"), [images.put("\(thread) \(number)")])
            try images.tag(manifest, "\(thread)-\(number)")
          }
        }
        writing.subtract(1, ordering: .releasing)
      }
      #expect(try store.digests().count == 120 * 2 + 40)
      #expect(try store.engine.collect() == [])
    }
  }

  @Test("D8: an acknowledged reference keeps its blob under a concurrent collection", arguments: StoreKind.all)
  func tagging(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let writing = Atomic(2)
      let losses = Atomic(0)
      try onThreads(3) { (thread) in
        #expect(throws: Never.self) {
          if thread == 2 {
            let other = try store.reopen()
            while writing.load(ordering: .acquiring) > 0 { _ = try other.collect() }
            return
          }
          let images = Images(store)
          for number in 0..<60 {
            let blob = try images.put("\(thread) \(number)")
            let name = try ReferenceName("\(thread)-\(number)")
            // Garbage, or already removed.
            let error = failure { () throws(CASError) in try store.engine.putReferenceToStored(blob, named: name) }
            let isKept = failure { () throws(CASError) in try store.engine.openBlob(blob.digest) } == nil
            #expect(error == nil || error?.code == .notFound)
            #expect(isKept == (error == nil))
            if error != nil { losses.add(1, ordering: .relaxed) }
          }
        }
        writing.subtract(1, ordering: .releasing)
      }
      #expect(try store.engine.listReferences().count == 120 - losses.load(ordering: .relaxed))
      #expect(try store.engine.collect() == [])
    }
  }

  @Test("D8: a reference to a removed blob is an error, and the name keeps its descriptor", arguments: StoreKind.all)
  func tagOfNothing(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let (kept, gone) = (try images.put("kept"), try images.put("gone"))
      let (name, other) = (try ReferenceName("name"), try ReferenceName("other"))
      try store.engine.putReferenceToStored(kept, named: name)
      try store.engine.deleteBlob(gone.digest)
      for (name, isReplacing) in [(name, true), (other, true), (other, false)] {
        let error = failure { () throws(CASError) in
          try store.engine.putReferenceToStored(gone, named: name, replacing: isReplacing)
        }
        #expect(error?.code == .notFound)
      }
      #expect(try store.engine.listReferences() == [Reference(name: name, descriptor: kept)])
    }
  }

  @Test("D8: a reader survives the collection of its blob", arguments: StoreKind.all)
  func readers(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      var generator = SeededGenerator(8)
      let content = generator.bytes(300_000)
      let digest = try store.engine.putBlob(content).digest
      let reader = try store.engine.openBlob(digest)
      #expect(try reader.read(10, at: 0) == Array(content[..<10]))
      #expect(try store.engine.collect() == [digest])
      #expect(try reader.read(300_000, at: 0) == content)
      #expect(failure { () throws(CASError) in try store.engine.openBlob(digest) }?.code == .notFound)
    }
  }

  @Test("D8, E14: a cancelled collection stops, and the blobs it reported are removed", arguments: StoreKind.all)
  func cancelled(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      for number in 0..<2000 { _ = try store.engine.putBlob(Array("\(number)".utf8)) }
      let token = CancellationToken()
      var told: Set<Digest> = []
      let error = failure { () throws(CASError) in
        try store.engine.collectGarbage(GarbageOptions(grace: .zero, allowsEmptyIndex: true), cancellation: token) {
          told.formUnion($0.removed.map(\.digest))
          if !told.isEmpty { token.cancel() }
        }
      }
      #expect(error?.code == .cancelled)
      let left = try Set(store.digests())
      #expect(told.count > 0 && left.count > 0 && told.count + left.count == 2000 && told.isDisjoint(with: left))
      let stopped = failure { () throws(CASError) in try store.engine.collect(isDryRun: true, cancellation: token) }
      #expect(stopped?.code == .cancelled)
      #expect(try Set(store.digests()) == left)
    }
  }

  @Test(
    "D8: a read-only or closed store is not collected; a dry run of a read-only store reports its garbage",
    arguments: StoreKind.all)
  func readOnly(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let digest = try store.engine.putBlob([1]).digest
      let reading = try store.reopen(OpenOptions(isReadOnly: true))
      #expect(failure { () throws(CASError) in try reading.collect() }?.code.errno == .readOnlyFileSystem)
      #expect(try reading.collect(isDryRun: true) == [digest])
      reading.close()
      #expect(failure { () throws(CASError) in try reading.collect(isDryRun: true) }?.code == .closed)
      #expect(try store.digests() == [digest])
    }
  }

  @Test(
    "D8: deeply nested manifests, and manifests with many mutual references, are walked once each",
    arguments: StoreKind.all)
  func deep(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      // A naive walk would follow 2^200 paths, or recurse 200 levels.
      var top = try images.manifest(images.put("config"), [images.put("layer")])
      for _ in 0..<200 { top = try images.index([top, top]) }
      try images.tag(top, "deep")
      #expect(try store.engine.reachableDigests().count == 203)
      #expect(try store.engine.collect() == [])
    }
  }

  @Test(
    "D8: a hundred thousand blobs and a thousand manifests are collected in bounded time",
    .enabled(if: ProcessInfo.processInfo.environment["CASFS_LONG_TESTS"] != nil, "CASFS_LONG_TESTS is not set"),
    arguments: StoreKind.directories)
  func large(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      try fill(store, blobs: 100_000, manifests: 1000)
    }
  }

  @Test("D8: some thousand blobs and manifests are collected", arguments: StoreKind.all)
  func many(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      try fill(store, blobs: 3000, manifests: 100)
    }
  }

  /// Stores blobs, some of them reachable from every tenth manifest, and collects the others.
  private func fill(_ store: TestStore, blobs: Int, manifests: Int) throws {
    let images = Images(store)
    let share = blobs / manifests
    var kept: Set<Digest> = []
    for number in 0..<manifests {
      let layers = try (0..<share).map { (layer) in try layerOf(store, "\(number) \(layer)") }
      let manifest = try images.manifest(layers[0], layers)
      guard number % 10 == 0 else { continue }
      try images.tag(manifest, "image-\(number)")
      kept.formUnion(layers.map(\.digest) + [manifest.digest])
    }
    let total = try store.digests().count
    let clock = ContinuousClock()
    var removed: [Digest] = []
    let time = try clock.measure { removed = try store.engine.collect() }
    #expect(removed.count == total - kept.count)
    #expect(try store.digests() == kept.sorted())
    #expect(time < .seconds(30))
  }

  /// Stores a layer without fsync(2), in a directory.
  private func layerOf(_ store: TestStore, _ text: String) throws -> Descriptor {
    guard store.kind.isDirectory else { return try Images(store).put(text) }
    let digest = try Digest.of(Array(text.utf8))
    _ = FileManager.default.createFile(atPath: store.file(digest).path, contents: Data(text.utf8))
    return Descriptor(mediaType: "x/layer", digest: digest, size: Int64(text.utf8.count))
  }
}
