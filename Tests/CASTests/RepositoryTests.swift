import CAS
import CASRegistry
import Foundation
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Behaviour of repositories that differs from other stores: references are tags of manifests.
@Suite(.timeLimit(.minutes(5)), .enabled(if: TestRegistry.isWanted, "this machine lacks docker-registry"))
struct RepositoryTests {
  /// Stores manifests that differ.
  private func manifests(_ count: Int, in store: TestStore) throws -> [Descriptor] {
    let images = Images(store)
    return try (0..<count).map { try images.manifest(images.put("{\"number\":\($0)}"), [images.put("layer \($0)")]) }
  }

  @Test(
    "E8, E9: putting the same descriptor again succeeds, a different one is clobber, and only manifests are accepted")
  func put() throws {
    try withStore(.registry) { (store) throws in
      let stored = try manifests(2, in: store)
      let name = try ReferenceName("v1.0_x")
      for _ in 0..<2 { try store.engine.putReference(stored[0], named: name) }
      let taken = failure { () throws(CASError) in try store.engine.putReference(stored[1], named: name) }
      #expect(taken?.code == .clobber && taken?.description.contains("v1.0_x") == true)
      #expect(try store.reopen().reference(named: name) == stored[0])
      try store.engine.putReference(stored[1], named: name, replacing: true, cancellation: .none)
      #expect(try store.reopen().reference(named: name) == stored[1])
      #expect(try store.engine.listReferences() == [Reference(name: name, descriptor: stored[1])])
      let other = try ReferenceName("other")
      let absent = try Descriptor.sample(1)
      let nothing = failure { () throws(CASError) in try store.engine.putReference(absent, named: other) }
      #expect(nothing?.code == .notFound && nothing?.description.contains(absent.digest.description) == true)
      let layer = try Images(store).put("no manifest", as: MediaType.imageManifest)
      let wrong = failure { () throws(CASError) in try store.engine.putReference(layer, named: other) }
      #expect(wrong?.code == .invalid && wrong?.description.contains("MANIFEST_INVALID") == true)
      #expect(failure { () throws(CASError) in try store.engine.reference(named: other) }?.code == .notFound)
    }
  }

  @Test("E8: members of a descriptor that a registry cannot keep are dropped")
  func storable() throws {
    try withStore(.registry) { (store) throws in
      let plain = try manifests(1, in: store)[0]
      let rich = try Descriptor(
        parsing: Array(plain.description.dropLast().utf8) + Array(#","annotations":{"a":"b"}}"#.utf8))
      let name = try ReferenceName("rich")
      for _ in 0..<2 { try store.engine.putReference(rich, named: name) }
      #expect(try store.engine.reference(named: name) == plain)
      #expect(store.engine.storable(rich) == plain)
    }
  }

  @Test("E8: exactly one of racing writers succeeds, and concurrent puts of different names lose nothing")
  func race() throws {
    try withStore(.registry) { (store) throws in
      let engines = [store.engine, try store.reopen()]
      let rounds = 10
      let stored = try manifests(4, in: store)
      let names = try (0..<rounds).map { try ReferenceName("round-\($0)") }
      let own = try (0..<4).map { try ReferenceName("own-\($0)") }
      let winners = Mutex([[Int]](repeating: [], count: rounds))
      try onThreads(4) { (thread) in
        let engine = engines[thread % 2]
        for round in 0..<rounds {
          let error = failure { () throws(CASError) in
            try engine.putReference(stored[thread], named: names[round])
          }
          if error == nil {
            winners.withLock { $0[round].append(thread) }
          } else {
            #expect(error?.code == .clobber)
          }
        }
        #expect(failure { () throws(CASError) in try engine.putReference(stored[thread], named: own[thread]) } == nil)
      }
      for (round, winners) in winners.withLock({ $0 }).enumerated() {
        try #require(winners.count == 1)
        #expect(try store.engine.reference(named: names[round]) == stored[winners[0]])
      }
      for thread in 0..<4 { #expect(try store.engine.reference(named: own[thread]) == stored[thread]) }
      #expect(try store.engine.referenceNames().count == rounds + 4)
    }
  }

  @Test("E10, R3: a registry that cannot delete tags reports it, and nothing is moved or deleted")
  func delete() throws {
    try withStore(.registry) { (store) throws in
      let stored = try manifests(2, in: store)
      let names = try ["a", "b"].map { try ReferenceName($0) }
      for (name, descriptor) in zip(names, stored) { try store.engine.putReference(descriptor, named: name) }
      for _ in 0..<2 {
        let deletion = failure { () throws(CASError) in try store.engine.deleteReference(named: names[0]) }
        #expect(deletion?.code == .notImplemented)
        for target in [names[1], try ReferenceName("c")] {
          let move = failure { () throws(CASError) in
            try store.engine.moveReference(named: names[0], to: target, replacing: true, cancellation: .none)
          }
          #expect(move?.code == .notImplemented)
        }
      }
      // Deleting an absent blob succeeds.
      for name in ["never", "no/tag", "a:b"] { try store.engine.deleteReference(named: ReferenceName(name)) }
      let manifest = failure { () throws(CASError) in try store.engine.deleteBlob(stored[0].digest) }
      #expect(manifest?.code == .notImplemented)
      #expect(try Set(store.reopen().listReferences().map(\.descriptor)) == Set(stored))
    }
  }

  @Test(
    "D7: a name that is not a tag is rejected by a put, and absent",
    arguments: ["a/b", "a:b", "é", "-a", "a b", String(repeating: "a", count: 129)])
  func grammar(_ text: String) throws {
    try withStore(.registry) { (store) throws in
      let name = try ReferenceName(reading: text)
      let stored = try manifests(1, in: store)[0]
      #expect(failure { () throws(CASError) in try store.engine.putReference(stored, named: name) }?.code == .invalid)
      #expect(failure { () throws(CASError) in try store.engine.reference(named: name) }?.code == .notFound)
      #expect(try store.engine.listReferences().isEmpty)
    }
  }

  @Test("E10, E11: blobs that tags reach are listed once each; deleting a blob is idempotent")
  func list() throws {
    try withStore(.registry) { (store) throws in
      let images = Images(store)
      let config = try images.put("{}")
      let layers = try (0..<3).map { try images.put("layer \($0)") }
      let one = try images.manifest(config, [layers[0], layers[1]])
      let two = try images.manifest(config, [layers[1]])
      let index = try images.index([one, two])
      let loose = try images.put("nothing refers to this")
      for name in ["one", "all"] { try images.tag(index, name) }
      try images.tag(one, "single")
      let expected = [config, layers[0], layers[1], one, two, index].map(\.digest).sorted()
      let other = try store.reopen(OpenOptions(isReadOnly: true))
      var listed: [Digest] = []
      try other.forEachBlob { listed.append($0) }
      #expect(listed.sorted() == expected)
      #expect(try other.index().entries.compactMap(\.name).map(\.description).sorted() == ["all", "one", "single"])
      #expect(try other.blobContents(loose.digest, limit: 100) == Array("nothing refers to this".utf8))
      for _ in 0..<2 { try store.engine.deleteBlob(loose.digest) }
      #expect(failure { () throws(CASError) in try store.reopen().openBlob(loose.digest) }?.code == .notFound)
      #expect(try store.engine.deleteBlobUnlessReachable(layers[0].digest).isReachable)
    }
  }

  @Test("E2: the first put creates a repository; an absent one that must exist, or is only read, is notFound")
  func absent() throws {
    try withStore(.registry) { (store) throws in
      #expect(try store.engine.listReferences().isEmpty)
      #expect(try store.engine.index().entries.isEmpty)
      let demanding = RegistryDriver(environment: TestRegistry.variables, requiresRepository: true)
      let must = failure { () throws(CASError) in try demanding.open(store.uri, options: OpenOptions()) }
      #expect(must?.code == .notFound && must?.description.contains("NAME_UNKNOWN") == true)
      let reader = try store.reopen(OpenOptions(isReadOnly: true))
      #expect(failure { () throws(CASError) in try reader.listReferences() }?.code == .notFound)
      try store.engine.putReference(manifests(1, in: store)[0], named: ReferenceName("v1"))
      #expect(try demanding.open(store.uri, options: OpenOptions()).referenceNames().map(\.description) == ["v1"])
      let again = failure { () throws(CASError) in try store.kind.driver.create(store.uri, options: CreateOptions()) }
      #expect(again?.code == .clobber)
      let change = failure { () throws(CASError) in try reader.putBlob([1]) }
      #expect(change?.code == .io(.readOnlyFileSystem))
    }
  }

  @Test("V4, E7: without verification any range is read, and not cached")
  func ranges() throws {
    try withStore(.registry) { (store) throws in
      var generator = SeededGenerator(21)
      let content = generator.bytes(3_000_001)
      let digest = try store.engine.putBlob(content).digest
      let fresh = RegistryDriver(environment: ["HOME": store.folder.path])
      let engine = try fresh.open(store.uri, options: OpenOptions(verification: .never))
      let reader = try engine.openBlob(digest)
      #expect(reader.size == 3_000_001)
      for _ in 0..<20 {
        let start = Int.random(in: 0...3_000_001, using: &generator)
        let count = Int.random(in: 0...400_000, using: &generator)
        #expect(try reader.read(count, at: Int64(start)) == Array(content[start...].prefix(count)))
      }
      #expect(try (engine as? any FileBackedEngine)?.blobFile(digest, cancellation: .none) == nil)
      let kept = try fresh.open(store.uri, options: OpenOptions())
      #expect(try (kept as? any FileBackedEngine)?.blobFile(digest, cancellation: .none)?.info.size == 3_000_001)
      #expect(try (engine as? any FileBackedEngine)?.blobFile(digest, cancellation: .none)?.info.size == 3_000_001)
    }
  }
}

extension GuardedDeletion {
  fileprivate var isReachable: Bool {
    if case .reachable = self { true } else { false }
  }
}
