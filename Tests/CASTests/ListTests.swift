import CAS
import Foundation
import OCI
import TestSupport
import Testing

@Suite(.boundedInTime)
struct ListTests {
  @Test("E10: deleting a blob twice, or an absent one, succeeds", arguments: StoreKind.all)
  func delete(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let kept = try store.engine.putBlob([1]).digest
      for algorithm in Digest.Algorithm.allCases {
        let digest = try Digest.of([2], algorithm)
        try store.engine.deleteBlob(digest)
        _ = try store.engine.putBlob([2], algorithm: algorithm)
        for _ in 0..<2 {
          try store.engine.deleteBlob(digest)
          #expect(failure { () throws(CASError) in try store.engine.blobInfo(digest) }?.code == .notFound)
        }
        _ = try store.engine.putBlob([2], algorithm: algorithm)
        #expect(try store.engine.blobContents(digest, limit: 1) == [2])
        try store.engine.deleteBlob(digest)
      }
      #expect(try store.digests() == [kept])
    }
  }

  @Test("E11: a listing in batches has every blob once", arguments: StoreKind.sealable)
  func streams(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      #expect(try store.sealed().engine.listBlobs().nextBatch().isEmpty)
      var expected: Set<Digest> = []
      for number in 0..<2500 {
        let algorithm: Digest.Algorithm = number % 5 == 0 ? .sha512 : .sha256
        expected.insert(try store.engine.putBlob(Array("\(number)".utf8), algorithm: algorithm).digest)
      }
      let listing = try store.sealed().engine.listBlobs()
      var digests: [Digest] = []
      var batches = 0
      while case let batch = try listing.nextBatch(), !batch.isEmpty {
        batches += 1
        digests += batch
      }
      #expect(batches > 1)
      #expect(digests.count == 2500)
      #expect(Set(digests) == expected)
      #expect(try listing.nextBatch().isEmpty)
    }
  }

  @Test("E11: a listing under concurrent changes has every blob that stays", arguments: StoreKind.all)
  func changing(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      var kept: Set<Digest> = []
      for number in 0..<1500 {
        let digest = try store.engine.putBlob(Array("\(number)".utf8)).digest
        if number % 2 == 0 { kept.insert(digest) }
      }
      let listing = try store.engine.listBlobs()
      var digests = try listing.nextBatch()
      for number in stride(from: 1, to: 1500, by: 2) {
        try store.engine.deleteBlob(Digest.of(Array("\(number)".utf8)))
        _ = try store.engine.putBlob(Array("new \(number)".utf8))
      }
      while case let batch = try listing.nextBatch(), !batch.isEmpty { digests += batch }
      #expect(kept.isSubset(of: digests))
      #expect(Set(digests).count == digests.count)
    }
  }

  @Test("E11: a listing skips entries that are not digests", arguments: StoreKind.directories)
  func foreign(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let digest = try store.engine.putBlob([1]).digest
      let blobs = store.folder.appending(path: "store/blobs")
      let manager = FileManager.default
      for name in ["README", digest.hex.uppercased(), String(digest.hex.dropLast()), digest.hex + "0", "x.tmp", "é"] {
        try Data([1]).write(to: blobs.appending(path: "sha256/\(name)"))
      }
      try Data([1]).write(to: blobs.appending(path: "foreign"))
      try manager.createDirectory(at: blobs.appending(path: "md5"), withIntermediateDirectories: false)
      try Data([1]).write(to: blobs.appending(path: "md5/\(digest.hex.prefix(32))"))
      #expect(try store.digests() == [digest])
      var listed: [Digest] = []
      try store.reopen().forEachBlob { listed.append($0) }
      #expect(listed == [digest])
    }
  }

  @Test("E11: an unreadable directory is an error, not an empty listing", arguments: StoreKind.directories)
  func unreadable(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let directory = store.folder.appending(path: "store/blobs/sha512")
      try? FileManager.default.removeItem(at: directory)
      try Data([1]).write(to: directory)
      _ = try store.engine.putBlob([1])
      let engine = try store.reopen()
      #expect(failure { () throws(CASError) in try engine.forEachBlob { _ in } } != nil)
    }
  }

  @Test("E14: a listing stops when it is cancelled", arguments: StoreKind.all)
  func cancelled(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      for number in 0..<3000 { _ = try store.engine.putBlob(Array("\(number)".utf8)) }
      let token = CancellationToken()
      let error = failure { () throws(CASError) in
        try store.engine.forEachBlob(cancellation: token) { _ in token.cancel() }
      }
      #expect(error?.code == .cancelled)
    }
  }
}
