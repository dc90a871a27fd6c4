import CAS
import CASPlatform
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite(.boundedInTime)
struct CloseTests {
  @Test("E13: every operation fails after close, and close is idempotent", arguments: StoreKind.all)
  func useAfterClose(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let engine = store.engine
      let digest = try engine.putBlob([1, 2, 3]).digest
      let name = try ReferenceName("a")
      let tag = try Descriptor.sample(1)
      try engine.putReference(tag, named: name)
      let reader = try engine.openBlob(digest)
      let stage = try engine.stageBlob()
      try stage.write([4], at: 0)
      let null = try OpenFile.open(path: "/dev/null", .readOnly)
      for _ in 0..<3 { engine.close() }
      let failures = [
        failure { () throws(CASError) in try engine.stageBlob(algorithm: .sha256, copying: nil) },
        failure { () throws(CASError) in try engine.stageBlob(algorithm: .sha256, copying: digest) },
        failure { () throws(CASError) in try engine.putBlob([5]) },
        failure { () throws(CASError) in try engine.putBlob(contentsOf: null) },
        failure { () throws(CASError) in try engine.putBlobJSON([5]) },
        failure { () throws(CASError) in try engine.openBlob(digest) },
        failure { () throws(CASError) in try engine.blobInfo(digest) },
        failure { () throws(CASError) in try engine.blobContents(digest, limit: 3) },
        failure { () throws(CASError) in try engine.descriptor(for: digest) },
        failure { () throws(CASError) in try engine.listBlobs() },
        failure { () throws(CASError) in try engine.forEachBlob { _ in } },
        failure { () throws(CASError) in try engine.deleteBlob(digest) },
        failure { () throws(CASError) in try engine.putReference(tag, named: name) },
        failure { () throws(CASError) in try engine.reference(named: name) },
        failure { () throws(CASError) in try engine.listReferences() },
        failure { () throws(CASError) in try engine.deleteReference(named: name) },
        failure { () throws(CASError) in try engine.index() },
        failure { () throws(CASError) in try engine.clean() },
        failure { () throws(CASError) in try stage.commit(expecting: BlobExpectation(), cancellation: .none) },
      ]
      for (number, error) in failures.enumerated() { #expect(error?.code == .closed, "operation \(number)") }
      stage.discard()
      #expect(try reader.read(3, at: 0) == [1, 2, 3])
      // None of the operations had an effect.
      let again = try store.reopen()
      defer { again.close() }
      #expect(try again.blobContents(digest, limit: 3) == [1, 2, 3])
      #expect(try again.reference(named: name) == tag)
      var count = 0
      try again.forEachBlob { _ in count += 1 }
      #expect(count == 1)
    }
  }

  @Test("E13: closing a store in use ends concurrent operations with an error at most", arguments: StoreKind.all)
  func concurrentClose(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      for round in 0..<10 {
        let engine = try store.reopen()
        try onThreads(4) { (thread) in
          if thread == 3 {
            Thread.sleep(for: .milliseconds(round))
            engine.close()
            return
          }
          for number in 0..<50 {
            let error = failure { () throws(CASError) in
              let address = try engine.putBlob(Array("\(thread) \(number)".utf8))
              _ = try engine.blobContents(address.digest, limit: 100)
              try engine.forEachBlob { _ in }
            }
            if let error { #expect(error.code == .closed) }
          }
        }
      }
    }
  }
}
