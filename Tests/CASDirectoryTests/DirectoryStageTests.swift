import CAS
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("Stages of the directory driver")
struct DirectoryStageTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test("E4: a stage can be written and committed after a mismatch")
  func commitsAfterMismatch() throws {
    let engine = try folder.store()
    let stage = try engine.stageBlob()
    try stage.write("ab".bytes.span, at: 0)
    let expectation = BlobExpectation(digest: try Digest.of("abc".bytes))
    #expect(errorCode { _ = try stage.commit(expecting: expectation, cancellation: .none) } == .mismatch)
    try stage.write("c".bytes.span, at: 2)
    let address = try stage.commit(expecting: expectation, cancellation: .none)
    #expect(try engine.text(address.digest) == "abc")
    #expect(errorCode { _ = try stage.commit(expecting: expectation, cancellation: .none) } == .closed)
  }

  @Test("I13: zeros that are put or copied take no space, and the digest is that of the content", arguments: [1, 9])
  func zerosBecomeHoles(mebibytes: Int) throws {
    let (engine, other) = (try folder.store("one"), try folder.store("other"))
    let zeros = [UInt8](repeating: 0, count: mebibytes << 20)
    // Data takes a whole piece, so that the zeros are pieces of their own.
    let data = [UInt8](repeating: 1, count: 1 << 20)
    for content in [data + zeros + "end".bytes, zeros + "end".bytes, data + zeros, zeros] {
      try Data(content).write(to: URL(fileURLWithPath: folder("file")))
      let address = try engine.putBlob(contentsOf: FilePath(folder("file")))
      #expect(try address == BlobAddress(digest: Digest.of(content), size: Int64(content.count)))
      let root = Descriptor(mediaType: MediaType.octetStream, digest: address.digest, size: address.size)
      try engine.copy(root, to: other, named: ReferenceName("v\(content.count)"))
      for engine in [engine, other] {
        let allocated = try #require(try engine.blobInfo(address.digest).allocatedSize)
        #expect(allocated < Int64(content.count - zeros.count) + 256 << 10)
        #expect(try engine.blobContents(address.digest, limit: content.count) == content)
      }
    }
    engine.close()
    other.close()
  }

  @Test("I7: any order of writes, cuts and gaps gives the digest of the content", arguments: [false, true])
  func anyOrder(named: Bool) throws {
    let engine = try folder.store(named: named)
    var seed = SeededGenerator(42)
    for _ in 0..<40 {
      let stage = try engine.stageBlob(algorithm: .sha256, copying: nil)
      var model: [UInt8] = []
      for _ in 0..<Int.random(in: 0..<8, using: &seed) {
        if Int.random(in: 0..<4, using: &seed) == 0 {
          let size = Int.random(in: 0...60, using: &seed)
          try stage.truncate(to: Int64(size))
          model = Array(model.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - model.count))
        } else {
          let inOrder = Bool.random(using: &seed)
          let offset = inOrder ? model.count : Int.random(in: 0...50, using: &seed)
          let piece = (0..<Int.random(in: 0...20, using: &seed)).map { _ in UInt8.random(in: 0...255, using: &seed) }
          try stage.write(piece.span, at: Int64(offset))
          if !piece.isEmpty {
            let end = offset + piece.count
            model += [UInt8](repeating: 0, count: max(0, end - model.count))
            model.replaceSubrange(offset..<end, with: piece)
          }
        }
        #expect(stage.size == model.count)
      }
      let address = try stage.commit(expecting: BlobExpectation(), cancellation: .none)
      #expect(try address.digest == Digest.of(model))
      #expect(try engine.blobContents(address.digest, limit: 100) == model)
    }
  }

  @Test("I5: a stage that starts from a blob changes a copy of it")
  func copies() throws {
    let engine = try folder.store()
    let base = try engine.putBlob("hello".bytes)
    let stage = try engine.stageBlob(algorithm: .sha512, copying: base.digest)
    #expect(stage.size == 5)
    try stage.write("J".bytes.span, at: 0)
    var content = [UInt8](repeating: 0, count: 9)
    var span = content.mutableSpan
    #expect(try stage.read(into: &span, at: 0) == 5)
    let changed = try stage.commit(expecting: BlobExpectation(), cancellation: .none)
    #expect(try changed.digest == Digest.of("Jello".bytes, .sha512))
    #expect(try engine.text(base.digest) == "hello")
    #expect(
      errorCode { _ = try engine.stageBlob(algorithm: .sha256, copying: try Digest.of("absent".bytes)) } == .notFound)
  }

  @Test("W7: a stage whose hashing is deferred hashes nothing before its commit, which finds the digest of the content")
  func deferredHash() throws {
    let stage = try #require(try folder.store().stageBlob() as? DirectoryStage)
    stage.deferHashing()
    func expectNoHash() { #expect(stage.state.withLock { $0.hash == nil }) }
    try stage.write("other".bytes.span, at: 0)
    expectNoHash()
    try stage.truncate(to: 0)
    try stage.write("content".bytes.span, at: 0)
    expectNoHash()
    let address = try stage.commit(expecting: BlobExpectation(), cancellation: .none)
    #expect(try address.digest == Digest.of("content".bytes))
  }

  @Test("I11: a stage whose write failed is never published, and repeats the error")
  func failureSticks() throws {
    let engine = try folder.store()
    let stage = try engine.stageBlob()
    try stage.write("a".bytes.span, at: 0)
    let first = errorCode { try stage.write("b".bytes.span, at: .max - 1) }
    #expect(first == .io(.fileTooLarge))
    #expect(errorCode { _ = try stage.commit(expecting: BlobExpectation(), cancellation: .none) } == first)
    #expect(try entryNames(folder("store/blobs/sha256")).isEmpty)
  }

  @Test("E14: a cancelled commit can be repeated")
  func cancelled() throws {
    let engine = try folder.store()
    let stage = try engine.stageBlob()
    try stage.write("x".bytes.span, at: 0)
    let token = CancellationToken()
    token.cancel()
    #expect(errorCode { _ = try stage.commit(expecting: BlobExpectation(), cancellation: token) } == .cancelled)
    #expect(
      errorCode {
        try engine.putReference(
          try Descriptor.sample("a"), named: try ReferenceName(reading: "a"), replacing: false, cancellation: token)
      }
        == .cancelled)
    #expect(errorCode { _ = try engine.putBlob("y".bytes, cancellation: token) } == .cancelled)
    #expect(try entryNames(folder("store/blobs/sha256")).isEmpty)
    _ = try stage.commit(expecting: BlobExpectation(), cancellation: .none)
  }
}
