import CAS
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite(.boundedInTime)
struct PutTests {
  @Test(
    "E4: content of any length gets its digest and size, and is read back",
    arguments: StoreKind.every, [0, 1, 4095, 65_536, 65_537, 3 << 20])
  func sizes(_ kind: StoreKind, _ count: Int) throws {
    try withStore(kind) { (store) throws in
      var generator = SeededGenerator(UInt64(count))
      let content = generator.bytes(count)
      for algorithm in Digest.Algorithm.allCases {
        let address = try store.engine.putBlob(content, algorithm: algorithm)
        #expect(address == BlobAddress(digest: try Digest.of(content, algorithm), size: Int64(count)))
        #expect(try store.engine.blobContents(address.digest, limit: count) == content)
        #expect(try store.engine.blobInfo(address.digest).size == Int64(count))
      }
    }
  }

  @Test("E4: a put takes 100 MiB in chunks", arguments: StoreKind.every)
  func large(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      var generator = SeededGenerator(1)
      var chunk = generator.bytes(1 << 20)
      var digester = Digester(.sha256)
      var count = 0
      let address = try store.engine.putBlob { () throws(CASError) in
        guard count < 100 else { return nil }
        chunk[0] = UInt8(count)
        count += 1
        digester.update(chunk.span)
        return chunk
      }
      #expect(address.digest == digester.digest)
      #expect(address.size == 100 << 20)
      var read = Digester(.sha256)
      try store.reopen().openBlob(address.digest).forEachChunk { read.update($0) }
      #expect(read.digest == address.digest)
      #expect(read.count == address.size)
    }
  }

  @Test("E4: a put from a file descriptor takes the rest of a file or pipe", arguments: StoreKind.every)
  func fileDescriptors(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      var generator = SeededGenerator(2)
      let content = generator.bytes((2 << 20) + 5)
      let path = store.folder.appending(path: "source").path
      try Data(content).write(to: URL(filePath: path))
      let file = try OpenFile.open(path: path, .readOnly)
      var skipped: [UInt8] = [0, 0, 0]
      var span = skipped.mutableSpan
      _ = try file.read(into: &span)
      let address = try store.engine.putBlob(contentsOf: file)
      #expect(address.digest == (try Digest.of(Array(content.dropFirst(3)))))
      #expect(try store.engine.blobContents(address.digest, limit: content.count) == Array(content.dropFirst(3)))

      let pipe = Monitor<CASPlatform.Pipe?>(try CASPlatform.Pipe())
      let reader = try #require(pipe.withLock { $0?.reader })
      try Thread.start("test") {
        try? pipe.withLock { $0?.writer }?.write(content.span)
        pipe.withLock { $0 = nil }
      }
      #expect(try store.engine.putBlob(contentsOf: reader, algorithm: .sha512).digest == Digest.of(content, .sha512))
    }
  }

  @Test("E4: a repeated put succeeds and keeps one blob", arguments: StoreKind.every)
  func idempotent(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let first = try store.engine.putBlob([1, 2, 3])
      let files = store.files()
      #expect(try store.engine.putBlob([1, 2, 3]) == first)
      #expect(try store.reopen().putBlob([1, 2, 3]) == first)
      #expect(try store.holds([first.digest]))
      #expect(store.files() == files)
    }
  }

  @Test("E4: concurrent puts of the same content all succeed", arguments: StoreKind.every)
  func concurrentSame(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      try onThreads(4) { (_) in
        for number in 0..<100 {
          let content = Array("content \(number)".utf8)
          #expect(failure { () throws(CASError) in try store.engine.putBlob(content) } == nil)
        }
      }
      #expect(try store.holds((0..<100).map { try Digest.of(Array("content \($0)".utf8)) }))
    }
  }

  @Test("E4: a failing source leaves nothing", arguments: StoreKind.every)
  func failingSource(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let files = store.files()
      let problem = CASError(.io(.ioError), operation: "read", subject: "the source", cause: "it broke")
      var count = 0
      let error = failure { () throws(CASError) in
        try store.engine.putBlob { () throws(CASError) in
          count += 1
          if count == 3 { throw problem }
          return [UInt8](repeating: 7, count: 100_000)
        }
      }
      #expect(error == problem)
      #expect(try store.digests().isEmpty)
      #expect(store.files() == files)
    }
  }

  @Test("E4, E14: a cancelled put leaves nothing and asks its source for nothing more", arguments: StoreKind.every)
  func cancelledSource(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let files = store.files()
      let token = CancellationToken()
      var count = 0
      let error = failure { () throws(CASError) in
        try store.engine.putBlob(cancellation: token) { () throws(CASError) in
          count += 1
          if count == 3 { token.cancel() }
          return count < 1000 ? [UInt8](repeating: 7, count: 1000) : nil
        }
      }
      #expect(error?.code == .cancelled)
      #expect(count == 3)
      #expect(try store.digests().isEmpty)
      #expect(store.files() == files)
    }
  }

  @Test("E4: an expected digest or size is enforced", arguments: StoreKind.every, Digest.Algorithm.allCases)
  func expectations(_ kind: StoreKind, _ algorithm: Digest.Algorithm) throws {
    try withStore(kind) { (store) throws in
      let files = store.files()
      let content = Array("expected".utf8)
      let right = try Digest.of(content, algorithm)
      let wrong = try Digest.of(Array("other".utf8), algorithm)
      for expectation in [
        BlobExpectation(digest: wrong), BlobExpectation(size: 7), BlobExpectation(size: 9),
        BlobExpectation(digest: right, size: 7), BlobExpectation(digest: wrong, size: 8),
      ] {
        let error = failure { () throws(CASError) in
          try store.engine.putBlob(content, algorithm: algorithm, expecting: expectation)
        }
        #expect(error?.code == .mismatch)
      }
      #expect(try store.digests().isEmpty)
      #expect(store.files() == files)
      // The expected digest determines the algorithm.
      let address = try store.engine.putBlob(content, expecting: BlobExpectation(digest: right, size: 8))
      #expect(address.digest == right)
      #expect(try store.holds([right]))
    }
  }

  @Test("E5: a put heals a corrupt stored copy", arguments: StoreKind.directories)
  func healing(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let content = Array("precious".utf8)
      let address = try store.engine.putBlob(content)
      for rotten in ["rotten", "preciouS", ""] {
        try store.corrupt(address.digest, with: Array(rotten.utf8))
        // A new engine has no verified blobs.
        #expect(try store.reopen().putBlob(content) == address)
        #expect(try Array(Data(contentsOf: store.file(address.digest))) == content)
        try store.corrupt(address.digest, with: Array(rotten.utf8))
        #expect(try store.engine.putBlob(content) == address)
        #expect(try store.engine.blobContents(address.digest, limit: 8) == content)
      }
    }
  }
}
