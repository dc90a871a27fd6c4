import CAS
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("Reading is verified")
struct VerificationTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// A store whose one blob of the text "hello" has other content.
  private func damaged(_ content: String, _ options: OpenOptions = OpenOptions()) throws -> (DirectoryEngine, Digest) {
    let engine = try #require(try folder.store("store", .index, options) as? DirectoryEngine)
    let digest = try Digest.of("hello".bytes)
    try writeText(content, engine.file(digest))
    return (engine, digest)
  }

  @Test("V2: content that does not match its digest is corrupt, with both digests, by every way of reading")
  func corrupt() throws {
    for options in [OpenOptions(), OpenOptions(verification: .always)] {
      let (engine, digest) = try damaged("HELLO", options)
      let expected = CASError.Corruption(expected: digest, actual: try Digest.of("HELLO".bytes))
      for _ in 0..<2 {
        #expect(corruption { _ = try engine.openBlob(digest) } == expected)
        #expect(corruption { _ = try engine.blobFile(digest, cancellation: .none) } == expected)
        #expect(corruption { _ = try engine.stageBlob(algorithm: .sha256, copying: digest) } == expected)
      }
      #expect(errorCode { _ = try engine.openBlob(digest) }?.errno == .ioError)
      #expect(!engine.isProbablyVerified(digest))
      #expect(try engine.blobInfo(digest).size == 5)
      try removeItem(folder("store"))
    }
  }

  @Test("V2: a read of a long corrupt blob returns nothing")
  func corruptLong() throws {
    let engine = try folder.store()
    let address = try engine.putBlob([UInt8](repeating: 1, count: 5 << 20))
    try SystemCommand.expect("chmod", "u+w", engine.file(address.digest))
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: engine.file(address.digest)))
    try file.seek(toOffset: (5 << 20) - 1)
    try file.write(contentsOf: Data([2]))
    try file.close()
    let failures = AtomicCounter()
    try onThreads(6) { _ in
      if errorCode({ _ = try engine.openBlob(address.digest) }) == .corrupt { failures.add() }
    }
    #expect(failures.count == 6)
  }

  @Test("V4: a trusted store serves its content unverified")
  func trusting() throws {
    let (engine, digest) = try damaged("HELLO", OpenOptions(verification: .never))
    #expect(try engine.text(digest) == "HELLO")
    #expect(engine.isProbablyVerified(digest))
  }

  @Test("V1: a put blob counts as verified; the next open detects a later change")
  func identityChanges() throws {
    let engine = try #require(try folder.store() as? DirectoryEngine)
    let address = try engine.putBlob("hello".bytes)
    #expect(engine.isProbablyVerified(address.digest))
    let info = try engine.blobInfo(address.digest)
    #expect(try engine.blobFile(address.digest, cancellation: .none)?.info == info)
    try SystemCommand.expect("chmod", "u+w", engine.file(address.digest))
    try writeText("HELLO", engine.file(address.digest))
    try SystemCommand.expect("touch", "-d", "@\(info.modified.seconds)", engine.file(address.digest))
    #expect(try engine.blobInfo(address.digest).version != info.version)
    #expect(throws: CASError.self) { _ = try engine.openBlob(address.digest) }
    #expect(!engine.isProbablyVerified(address.digest))
  }

  @Test("V1: a verified state is not hashed again, any other is")
  func once() throws {
    try writeText("HELLO", folder("file"))
    let file = try OpenFile.open(path: folder("file"), .readOnly)
    let identity = try file.status().identity
    let verifier = Verifier()
    let wrong = try Digest.of("hello".bytes)
    let right = try Digest.of("HELLO".bytes)
    verifier.remember(wrong, identity, isDurable: true)
    // This would fail if it were hashed.
    #expect(try verifier.verify(file, identity, is: wrong, OperationContext("read blob", on: wrong)) == identity)
    #expect(throws: CASError.self) {
      _ = try verifier.verify(file, identity, is: wrong, ignoringCache: true, OperationContext("read blob", on: wrong))
    }
    #expect(try verifier.verify(file, identity, is: right, OperationContext("read blob", on: right)) == identity)
    #expect(verifier.known(right)?.identity == identity && verifier.known(right)?.isDurable == false)
    var other = identity
    other.changed.nanoseconds ^= 1
    verifier.remember(wrong, other, isDurable: true)
    #expect(throws: CASError.self) {
      _ = try verifier.verify(file, identity, is: wrong, OperationContext("read blob", on: wrong))
    }
  }

  @Test("V3: a cancelled waiter returns, and a retry gets the blob")
  func cancelledWaiter() throws {
    let content = [UInt8](repeating: 3, count: 64 << 20)
    let address = try folder.store().putBlob(content)
    let engine = try #require(try openStore(folder("store")) as? DirectoryEngine)
    let token = CancellationToken()
    try Thread.start("cancel") {
      Thread.sleep(for: .milliseconds(5))
      token.cancel()
    }
    let outcome = errorCode { _ = try engine.openBlob(address.digest, cancellation: token) }
    // The hash may have been completed before the cancellation.
    #expect(outcome == .cancelled || outcome == nil)
    #expect(try engine.openBlob(address.digest).size == content.count)
    #expect(engine.isProbablyVerified(address.digest))
  }

  @Test("V3: concurrent readers of one blob all get it")
  func shared() throws {
    let content = [UInt8](repeating: 4, count: 4 << 20)
    let address = try folder.store().putBlob(content)
    let engine = try openStore(folder("store"))
    let successes = AtomicCounter()
    try onThreads(8) { _ in
      if (try? engine.blobContents(address.digest, limit: 8 << 20)) == content { successes.add() }
    }
    #expect(successes.count == 8)
  }

  @Test("D9: a blob that another tool is writing is not corrupt, and is read when it is complete")
  func beingWritten() throws {
    let engine = try folder.store()
    let digest = try Digest.of("hello".bytes)
    _ = FileManager.default.createFile(atPath: engine.file(digest), contents: nil)
    let writer = try FileHandle(forWritingTo: URL(fileURLWithPath: engine.file(digest)))
    try writer.write(contentsOf: Data("hel".bytes))
    #expect(errorCode { _ = try engine.openBlob(digest) } == .io(.ioError))
    try onThreads(2) { worker in
      if worker == 0 {
        Thread.sleep(for: .milliseconds(100))
        try? writer.write(contentsOf: Data("lo".bytes))
        try? writer.close()
      } else {
        #expect((try? engine.text(digest)) == "hello")
      }
    }
  }

  @Test("D9: a put replaces a blob that another tool is writing")
  func putsOverHalf() throws {
    let engine = try folder.store()
    let digest = try Digest.of("hello".bytes)
    _ = FileManager.default.createFile(atPath: engine.file(digest), contents: nil)
    let writer = try FileHandle(forWritingTo: URL(fileURLWithPath: engine.file(digest)))
    try writer.write(contentsOf: Data("hel".bytes))
    _ = try engine.putBlob("hello".bytes)
    #expect(try engine.text(digest) == "hello")
    try writer.write(contentsOf: Data("XX".bytes))
    try writer.close()
    #expect(try engine.text(digest) == "hello")
  }

  @Test("E7: a reader survives a delete, and reads at any position exactly within its size")
  func reads() throws {
    let engine = try folder.store()
    let address = try engine.putBlob("hello".bytes)
    let reader = try engine.openBlob(address.digest)
    let file = try engine.openBlob(address.digest)
    let path = engine.file(address.digest)
    try SystemCommand.expect("chmod", "u+w", path)
    try moveItem(path, to: folder("moved"))
    #expect(errorCode { _ = try engine.openBlob(address.digest) } == .notFound)
    var buffer = [UInt8](repeating: 0, count: 16)
    var span = buffer.mutableSpan
    #expect(try reader.read(into: &span, at: 3) == 2)
    #expect(try reader.read(into: &span, at: 5) == 0)
    #expect(try reader.read(into: &span, at: .max) == 0)
    #expect(errorCode { _ = try reader.read(into: &span, at: -1) } == .invalid)
    try writeText("hello, world", folder("moved"))
    #expect(try reader.read(into: &span, at: 0) == 5)
    try writeText("hel", folder("moved"))
    #expect(errorCode { _ = try file.read(into: &span, at: 0) } == .io(.ioError))
  }
}
