import CAS
import Foundation
import OCI
import Synchronization
import TestSupport
import Testing

@Suite(.boundedInTime)
struct CheckTests {
  /// The problems that a check finds, as kind and subject.
  private func found(_ engine: any Engine) throws -> [String] {
    var problems: [String] = []
    try engine.check { problems.append("\($0.kind.rawValue) \($0.subject)") }
    return problems
  }

  @Test("C1: a store that only casfs has changed has no problems", arguments: StoreKind.all)
  func clean(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      #expect(try found(store.engine) == [])
      let images = Images(store)
      let subject = try images.manifest(images.put("config"), [images.put("layer")])
      let manifest = try images.manifest(images.put("config"), [images.put("layer")], subject: subject)
      try images.tag(images.index([manifest], as: MediaType.dockerManifestList), "a")
      try images.tag(manifest, "b/c")
      _ = try images.put("garbage")
      _ = try store.engine.putBlob([], algorithm: .sha512)
      #expect(try found(store.engine) == [])
      #expect(try found(store.reopen(OpenOptions(isReadOnly: true))) == [])
    }
  }

  @Test("D8: a check reports each missing target once", arguments: StoreKind.all)
  func missing(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let (config, layer, child) = (try Descriptor.sample(1), try Descriptor.sample(2), try Descriptor.sample(3))
      let target = try Descriptor.sample(4)
      let manifest = try images.manifest(config, [layer, layer, images.put("layer")])
      try images.tag(images.index([manifest, manifest, child]), "a")
      try images.tag(target, "b")
      let expected = [config, layer, child, target].map { "missing \($0.digest)" }
      #expect(try found(store.engine).sorted() == expected.sorted())
      // The reason names the referrer.
      var reasons: [String: String] = [:]
      try store.engine.check { reasons[$0.subject] = $0.reason }
      #expect(reasons[layer.digest.description] == "not stored: a layer of \(manifest.digest)")
      #expect(reasons[target.digest.description] == "not stored: the target of b")
    }
  }

  @Test("D8: a subject, and a layer with urls, may be absent", arguments: StoreKind.all)
  func elsewhere(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let foreign = try Descriptor.parsed(
        "{\"mediaType\":\"x/y\",\"digest\":\"DIGEST\",\"size\":5,\"urls\":[\"https://example.com/\"]}")
      try images.tag(images.manifest(images.put("config"), [foreign], subject: Descriptor.sample(1)), "a")
      #expect(try found(store.engine) == [])
    }
  }

  @Test("D8: a check reports wrong sizes and malformed manifests", arguments: StoreKind.all)
  func wrong(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let layer = try images.put("layer")
      let lie = Descriptor(mediaType: layer.mediaType, digest: layer.digest, size: 6)
      try images.tag(images.manifest(images.put("config"), [lie, lie]), "a")
      let bad = try images.put("{\"layers\":5}", as: MediaType.imageManifest)
      let long = try images.put(String(repeating: " ", count: Manifest.maximumSize + 1), as: MediaType.imageIndex)
      try images.tag(bad, "b")
      try images.tag(long, "c")
      let expected = ["bad-manifest \(bad.digest)", "bad-manifest \(long.digest)", "wrong-size \(layer.digest)"]
      #expect(try found(store.engine).sorted() == expected.sorted())
    }
  }

  @Test(
    "V4, E5: a check finds a blob that decayed after it was read, and a put heals it", arguments: StoreKind.directories)
  func corrupt(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let images = Images(store)
      let blobs = try ["one", "two", "three"].map { try images.put($0) }
      let manifest = try images.manifest(blobs[0], blobs)
      try images.tag(manifest, "a")
      let content = try store.engine.blobContents(manifest.digest, limit: 1000)
      // Everything is verified; the bytes change, but neither size nor times.
      for blob in blobs { #expect(try store.engine.openBlob(blob.digest).size == blob.size) }
      try store.decay(blobs[1].digest)
      let decayed = "corrupt \(blobs[1].digest)"
      #expect(try found(store.engine) == [decayed])
      #expect(try found(store.reopen(OpenOptions(verification: .never))) == [decayed])
      try store.decay(manifest.digest)
      #expect(try Set(found(store.reopen())) == [decayed, "corrupt \(manifest.digest)"])
      // A changed length is reported as corruption, not as a wrong size.
      try store.corrupt(blobs[2].digest, with: [])
      let all = try found(store.engine)
      #expect(all.count == 3 && all.allSatisfy { $0.hasPrefix("corrupt ") })
      for text in ["two", "three"] { _ = try store.engine.putBlob(Array(text.utf8)) }
      _ = try store.engine.putBlob(content)
      #expect(try found(store.engine) == [])
    }
  }

  @Test("C1, E14: a check reports its progress and can be cancelled", arguments: StoreKind.all)
  func progress(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      var total: Int64 = 0
      for number in 0..<5 { total += try store.engine.putBlob([UInt8](repeating: 1, count: number * 700_000)).size }
      var seen: [CheckProgress] = []
      try store.engine.check(progress: { seen.append($0) }, { _ in Issue.record("nothing is wrong") })
      #expect(seen.map(\.done) == seen.map(\.done).sorted())
      #expect(seen.last?.done == total && seen.allSatisfy { $0.total == total })
      #expect(seen.count > 5)
      let token = CancellationToken()
      let error = failure { () throws(CASError) in
        try store.engine.check(cancellation: token, progress: { _ in token.cancel() }, { _ in })
      }
      #expect(error?.code == .cancelled)
      store.engine.close()
      #expect(failure { () throws(CASError) in try store.engine.check { _ in } }?.code == .closed)
    }
  }

  @Test("C1: concurrent changes cause no false alarm of a check", arguments: StoreKind.all)
  func busy(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let writing = Atomic(2)
      try onThreads(3) { (thread) in
        #expect(throws: Never.self) {
          let images = Images(store)
          if thread == 2 {
            let other = try store.reopen()
            while writing.load(ordering: .acquiring) > 0 { #expect(try found(other) == []) }
            return
          }
          for number in 0..<60 {
            let manifest = try images.manifest(images.put("\(thread)"), [images.put("\(thread) \(number)")])
            try images.tag(manifest, "\(thread)-\(number)")
            try store.engine.deleteBlob(store.engine.putBlob([UInt8(thread), UInt8(number)]).digest)
          }
        }
        writing.subtract(1, ordering: .releasing)
      }
      #expect(try found(store.engine) == [])
    }
  }
}

extension TestStore {
  /// Changes the first byte of a stored copy and its ctime, but neither size nor mtime.
  fileprivate func decay(_ digest: Digest) throws {
    let path = file(digest).path
    let manager = FileManager.default
    let before = try manager.attributesOfItem(atPath: path)
    try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let handle = try FileHandle(forUpdating: file(digest))
    let first = try #require(try handle.read(upToCount: 1)?.first)
    try handle.seek(toOffset: 0)
    try handle.write(contentsOf: Data([first ^ 1]))
    try handle.close()
    try manager.setAttributes(
      [.modificationDate: try #require(before[.modificationDate]), .posixPermissions: 0o444], ofItemAtPath: path)
  }
}
