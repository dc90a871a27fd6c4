import CAS
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite(.boundedInTime)
struct GetTests {
  @Test("E7: a blob is read at any position and sequentially", arguments: StoreKind.readable)
  func reads(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      var generator = SeededGenerator(3)
      let content = generator.bytes(200_001)
      let digest = try store.engine.putBlob(content).digest
      let reader = try store.sealed().engine.openBlob(digest)
      #expect(reader.digest == digest)
      #expect(reader.size == 200_001)
      for _ in 0..<100 {
        let start = Int.random(in: 0...200_001, using: &generator)
        let count = Int.random(in: 0...100_000, using: &generator)
        #expect(try reader.read(count, at: Int64(start)) == Array(content[start...].prefix(count)))
      }
      for offset in [200_001, 200_002, Int64.max] { #expect(try reader.read(10, at: offset).isEmpty) }
      #expect(failure { () throws(CASError) in try reader.read(1, at: -1) }?.code.errno == .invalidArgument)
      for chunkSize in [1000, 65_536, 1 << 20] {
        var collected: [UInt8] = []
        try reader.forEachChunk(of: chunkSize) { (chunk) in
          for index in chunk.indices { collected.append(chunk[index]) }
        }
        #expect(collected == content)
      }
    }
  }

  @Test("E7: many threads read one blob concurrently and correctly", arguments: StoreKind.readable)
  func concurrentReads(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      var generator = SeededGenerator(4)
      let content = generator.bytes(300_000)
      let digest = try store.engine.putBlob(content).digest
      let fresh = try store.sealed().reopen()
      try onThreads(4) { (thread) in
        let wrong = failure { () throws(CASError) in
          let reader = try fresh.openBlob(digest)
          for round in 0..<200 {
            let start = (thread * 7919 + round * 1409) % 299_000
            guard try reader.read(1000, at: Int64(start)) == Array(content[start..<start + 1000]) else {
              throw CASError(.invalid, operation: "read", subject: "\(start)", cause: "other bytes")
            }
          }
        }
        #expect(wrong == nil)
      }
    }
  }

  @Test("E7: a reader opened before a delete goes on reading", arguments: StoreKind.every)
  func survivesDelete(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let content = [UInt8](repeating: 9, count: 100_000)
      let digest = try store.engine.putBlob(content).digest
      let reader = try store.engine.openBlob(digest)
      #expect(try reader.read(10, at: 0) == Array(content[..<10]))
      try store.engine.deleteBlob(digest)
      #expect(failure { () throws(CASError) in try store.engine.openBlob(digest) }?.code == .notFound)
      #expect(try reader.read(100_000, at: 0) == content)
      store.engine.close()
      #expect(try reader.read(10, at: 99_995) == Array(content[99_995...]))
    }
  }

  @Test("E7: an absent blob is notFound", arguments: StoreKind.readable)
  func absent(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let store = try store.sealed()
      for algorithm in Digest.Algorithm.allCases {
        let absent = try Digest.of(Array("absent".utf8), algorithm)
        var failures = [
          failure { () throws(CASError) in try store.engine.openBlob(absent) },
          failure { () throws(CASError) in try store.engine.blobInfo(absent) },
          failure { () throws(CASError) in try store.engine.blobContents(absent, limit: 1) },
          failure { () throws(CASError) in try store.engine.descriptor(for: absent) },
        ]
        if store.engine.isWritable {
          failures.append(
            failure { () throws(CASError) in try store.engine.stageBlob(algorithm: .sha256, copying: absent) })
        }
        for error in failures {
          #expect(error?.code == .notFound)
          #expect(error?.description.contains(absent.description) == true)
        }
      }
    }
  }

  @Test("E7: content longer than the caller's limit is invalid", arguments: StoreKind.readable)
  func limit(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let digest = try store.engine.putBlob([1, 2, 3]).digest
      let store = try store.sealed()
      #expect(failure { () throws(CASError) in try store.engine.blobContents(digest, limit: 2) }?.code == .invalid)
      #expect(try store.engine.blobContents(digest, limit: 3) == [1, 2, 3])
    }
  }

  @Test("E7, V2: a blob that does not match its digest is not served", arguments: StoreKind.directories)
  func corrupt(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let expected = try store.engine.putBlob(Array("precious".utf8)).digest
      try store.corrupt(expected)
      let corruption = CASError.Corruption(expected: expected, actual: try Digest.of(Array("rotten".utf8)))
      for verification in [Verification.once, .always] {
        let engine = try store.reopen(OpenOptions(verification: verification))
        for _ in 0..<2 {
          let error = failure { () throws(CASError) in try engine.openBlob(expected) }
          #expect(error?.code == .corrupt && error?.corruption == corruption)
          #expect(error?.code.errno == .ioError)
        }
      }
      // Also by the engine that put it, because the stored copy was replaced.
      #expect(failure { () throws(CASError) in try store.engine.openBlob(expected) }?.corruption == corruption)
      #expect(
        failure { () throws(CASError) in try store.engine.stageBlob(algorithm: .sha256, copying: expected) }?.corruption
          == corruption)
    }
  }

  @Test(
    "R1: a blob's media type is its own, that of an entry, derived from its members, or octet-stream",
    arguments: StoreKind.sealable)
  func describe(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      func mediaType(_ text: String) throws -> String {
        let address = try store.engine.putBlob(Array(text.utf8))
        let descriptor = try store.sealed().engine.descriptor(for: address.digest)
        #expect(descriptor.digest == address.digest && descriptor.size == address.size)
        return descriptor.mediaType
      }
      #expect(try mediaType(#"{"mediaType":"a/b","manifests":[]}"#) == "a/b")
      #expect(try mediaType(#"{"manifests":[]}"#) == MediaType.imageIndex)
      #expect(try mediaType(#"{"config":{},"layers":[]}"#) == MediaType.imageManifest)
      #expect(try mediaType(#"{"config":{}}"#) == MediaType.octetStream)
      #expect(try mediaType("layer") == MediaType.octetStream)
      #expect(try mediaType("") == MediaType.octetStream)
      let layer = Descriptor(mediaType: "c/d", digest: try Digest.of(Array("layer".utf8)), size: 5)
      try store.engine.putReference(layer, named: ReferenceName("layer"))
      #expect(try mediaType("layer") == "c/d")
    }
  }
}
