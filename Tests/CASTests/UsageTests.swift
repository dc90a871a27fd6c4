import CAS
import CASMemory
import Foundation
import OCI
import TestSupport
import Testing

/// The space that references take.
@Suite(.boundedInTime)
struct UsageTests {
  private func row(_ usage: ReferenceUsage) -> String {
    "\(usage.reference) \(usage.size) \(usage.exclusiveSize) "
      + usage.shares.map { "\($0.reference)=\($0.size)" }.joined(separator: ",")
  }

  @Test("F14: the usage of each reference, what it alone reaches, and what it shares", arguments: StoreKind.readable)
  func example(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let base = try images.put(String(repeating: "b", count: 1000))
      let (one, two) = (try images.put("one"), try images.put("four"))
      let config = try images.put("{}")
      let (small, large) = (try images.manifest(config, [base, one]), try images.manifest(config, [base, base, two]))
      try images.tag(small, "small")
      try images.tag(large, "large")
      try images.tag(large, "same")
      let other = try images.manifest(images.put("[]"), [images.put("alone")])
      try images.tag(other, "other")
      let usage = try store.sealed().engine.usage()
      #expect(usage.failures.isEmpty)
      let size = large.size + 1006
      #expect(
        usage.references.map(row) == [
          "large \(size) 0 same=\(size),small=1002", "same \(size) 0 large=\(size),small=1002",
          "small \(small.size + 1005) \(small.size + 3) large=1002,same=1002",
          "other \(other.size + 7) \(other.size + 7) ",
        ])
      #expect(usage.references.allSatisfy { $0.shareCount == $0.shares.count })
    }
  }

  /// A random store of a few manifests, the same for each seed.
  private static func fill(_ engine: any Engine, seed: UInt64) throws -> [ReferenceName] {
    var generator = SeededGenerator(seed)
    func put(_ text: String, _ type: String) throws -> Descriptor {
      let address = try engine.putBlob(Array(text.utf8))
      return Descriptor(mediaType: type, digest: address.digest, size: address.size)
    }
    let layers = try (0..<6).map { try put(String(repeating: "\($0)", count: 1 << $0), "x/layer.tar") }
    var documents: [Descriptor] = []
    for number in 0..<10 {
      let note = #""annotations":{"number":"\#(number)"}"#
      if let child = documents.randomElement(using: &generator), Bool.random(using: &generator) {
        let others = [child, documents.randomElement(using: &generator) ?? child]
        if Bool.random(using: &generator) {
          let list = others.map(\.description).joined(separator: ",")
          documents.append(
            try put(#"{"schemaVersion":2,"manifests":[\#(list)],\#(note)}"#, MediaType.imageIndex))
        } else {
          documents.append(
            try put(
              #"{"schemaVersion":2,"mediaType":"\#(MediaType.imageManifest)","config":\#(layers[0]),"layers":[],"#
                + #""subject":\#(child),\#(note)}"#, MediaType.imageManifest))
        }
      } else {
        let list = layers.filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
        documents.append(
          try put(
            #"{"schemaVersion":2,"config":\#(layers[0]),"layers":[\#(list.map(\.description).joined(separator: ","))],\#(note)}"#,
            MediaType.imageManifest))
      }
    }
    var names: [ReferenceName] = []
    for number in 0..<4 {
      guard let document = documents.randomElement(using: &generator) else { continue }
      let name = try ReferenceName("r\(number)")
      try engine.putReference(document, named: name)
      names.append(name)
    }
    return names
  }

  private static func store(seed: UInt64) throws -> (engine: any Engine, names: [ReferenceName]) {
    let engine = try MemoryDriver().create("mem:", options: CreateOptions())
    return (engine, try fill(engine, seed: seed))
  }

  /// The bytes that a collection frees.
  private func collect(_ engine: any Engine) throws -> Int64 {
    var freed: Int64 = 0
    try engine.collectGarbage(GarbageOptions(grace: .zero, allowsEmptyIndex: true)) { (progress) in
      freed += progress.removed.reduce(0) { $0 + $1.size }
    }
    return freed
  }

  @Test("F14: removing a reference lets garbage collection free as much as it alone reaches, in random stores")
  func model() throws {
    for seed in 0..<20 as Range<UInt64> {
      let (engine, names) = try Self.store(seed: seed)
      let usage = try engine.usage()
      #expect(usage.references.count == names.count && usage.failures.isEmpty)
      #expect(usage.references.map(\.size) == usage.references.map(\.size).sorted(by: >))
      for reference in usage.references {
        let name = try #require(reference.name)
        let others = names.filter { $0 != name }
        // The bytes that collections free when names are removed in this order.
        func freed(_ names: [ReferenceName]) throws -> [Int64] {
          let store = try Self.store(seed: seed).engine
          _ = try collect(store)
          return try names.map { (name) in
            try store.deleteReference(named: name)
            return try collect(store)
          }
        }
        #expect(try freed([name]) == [reference.exclusiveSize], "seed \(seed), \(name)")
        #expect(try freed(others + [name]).last == reference.size, "seed \(seed), \(name)")
        for other in others {
          let rest = others.filter { $0 != other }
          let both = try freed(rest + [other, name]).suffix(2)
          let size = usage.references.first { $0.name == other }?.size ?? 0
          let shared = reference.size + size - both.reduce(0, +)
          let share = reference.shares.first { $0.reference == other.description }?.size ?? 0
          #expect(share == shared, "seed \(seed), \(name), \(other)")
        }
      }
    }
  }

  @Test("F14: entries without a name are counted by their digest; absent and embedded content takes no space")
  func unnamed() throws {
    try withStore(StoreKind.all[1]) { (store) throws in
      let images = Images(store)
      let layer = try images.put("layer")
      let manifest = try images.manifest(Descriptor.sample(1), [layer])
      try images.tag(manifest, "gone")
      let text = "{\"schemaVersion\":2,\"manifests\":[\(manifest),\(manifest)]}"
      try Data(text.utf8).write(to: store.folder.appending(path: "store/index.json"))
      let usage = try store.reopen().usage()
      #expect(usage.references.map(row) == ["@\(manifest.digest) \(manifest.size + 5) \(manifest.size + 5) "])
    }
  }

  @Test("F14: a malformed manifest is an error beside the usage of everything else", arguments: StoreKind.all)
  func malformed(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let bad = try images.put("{\"layers\":0}", as: MediaType.imageManifest)
      let good = try images.manifest(images.put("config"), [images.put("layer")])
      try images.tag(bad, "bad")
      try images.tag(good, "good")
      let usage = try store.engine.usage()
      #expect(usage.failures.map(\.code) == [.invalid])
      #expect(usage.references.map(\.size) == [good.size + 11, 12])
    }
  }

  @Test("F14: at most 100 sharers are listed, and all are counted")
  func many() throws {
    try withStore(StoreKind.all[0]) { (store) throws in
      let images = Images(store)
      let manifest = try images.manifest(images.put("config"), [])
      for number in 0..<150 { try images.tag(manifest, "n\(number)") }
      let usage = try store.engine.usage()
      #expect(usage.references.count == 150)
      #expect(usage.references.allSatisfy { $0.shareCount == 149 && $0.shares.count == 100 && $0.exclusiveSize == 0 })
    }
  }

  @Test("F14, E14: a cancelled measurement ends", arguments: StoreKind.all)
  func cancelled(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      try images.tag(images.manifest(images.put("config"), []), "a")
      let token = CancellationToken()
      token.cancel()
      #expect(failure { () throws(CASError) in try store.engine.usage(cancellation: token) }?.code == .cancelled)
    }
  }
}
