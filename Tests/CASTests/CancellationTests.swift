import CAS
import CASPlatform
import OCI
import TestSupport
import Testing

@Suite(.boundedInTime)
struct CancellationTests {
  @Test("E14: a cancelled token ends every operation that takes one", arguments: StoreKind.all)
  func operations(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let engine = store.engine
      let content = [UInt8](repeating: 1, count: 10_000)
      let digest = try engine.putBlob(content).digest
      let name = try ReferenceName("a")
      let other = try ReferenceName("b")
      let tag = try Descriptor.sample(1)
      try engine.putReference(tag, named: name)
      let reader = try engine.openBlob(digest)
      let file = try OpenFile.open(path: "/dev/zero", .readOnly)
      let token = CancellationToken()
      token.cancel()
      token.cancel()
      let failures = [
        failure { () throws(CASError) in try engine.putBlob([2], cancellation: token) },
        failure { () throws(CASError) in try engine.putBlob([], cancellation: token) },
        failure { () throws(CASError) in try engine.putBlob(contentsOf: file, cancellation: token) },
        failure { () throws(CASError) in try engine.putBlobJSON([2], cancellation: token) },
        failure { () throws(CASError) in try store.reopen().openBlob(digest, cancellation: token) },
        failure { () throws(CASError) in try reader.forEachChunk(cancellation: token) { _ in } },
        failure { () throws(CASError) in try engine.forEachBlob(cancellation: token) { _ in } },
        failure { () throws(CASError) in
          try engine.putReference(tag, named: other, replacing: false, cancellation: token)
        },
        failure { () throws(CASError) in try engine.deleteReference(named: name, cancellation: token) },
      ]
      for (number, error) in failures.enumerated() { #expect(error?.code == .cancelled, "operation \(number)") }
      var digests: [Digest] = []
      try engine.forEachBlob { digests.append($0) }
      #expect(digests == [digest])
      #expect(try engine.listReferences().map(\.name) == [name])
    }
  }

  @Test("E14: an endless source ends when another thread cancels", arguments: StoreKind.every)
  func endless(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let file = try OpenFile.open(path: "/dev/zero", .readOnly)
      let token = CancellationToken()
      let read = Monitor<Int64>(0)
      let result = Monitor<CASError?>(nil)
      try Thread.start("test") {
        let error = failure { () throws(CASError) in
          try store.engine.putBlob(contentsOf: file, cancellation: token) { (count) in
            read.withLock { $0 = count }
          }
        }
        result.withLock { $0 = error }
      }
      #expect(read.wait(for: .milliseconds(60_000)) { $0 > 0 })
      token.cancel()
      #expect(result.wait(for: .milliseconds(60_000)) { $0 != nil })
      #expect(result.withLock { $0 }?.code == .cancelled)
      #expect(try store.digests().isEmpty)
    }
  }

  @Test("E14: reading stops at the chunk after the cancellation", arguments: StoreKind.every)
  func reading(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let digest = try store.engine.putBlob([UInt8](repeating: 1, count: 100_000)).digest
      let token = CancellationToken()
      var chunks = 0
      let error = failure { () throws(CASError) in
        try store.engine.openBlob(digest).forEachChunk(of: 1000, cancellation: token) { (_) in
          chunks += 1
          if chunks == 3 { token.cancel() }
        }
      }
      #expect(error?.code == .cancelled)
      #expect(chunks == 3)
    }
  }

  @Test("E14: copies of a token share its state, and CancellationToken.none never changes")
  func tokens() throws {
    let token = CancellationToken()
    let copy = token
    #expect(!copy.isCancelled)
    try onThreads(2) { (thread) in if thread == 0 { token.cancel() } }
    #expect(copy.isCancelled && !CancellationToken().isCancelled)
    CancellationToken.none.cancel()
    #expect(!CancellationToken.none.isCancelled)
  }
}
