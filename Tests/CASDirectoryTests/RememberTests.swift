import CAS
import CASPlatform
import Foundation
import OCI
import TestSupport
import Testing

@testable import CASDirectory

/// Whether temporary files are on a file system whose files are remembered.
private let isRemembered =
  (try? OpenFile.open(path: FileManager.default.temporaryDirectory.path, [.readOnly, .directory]).origin())?.isStable
  ?? false

/// `verify=remember` in stores in directories.
@Suite(.enabled(if: isRemembered, "temporary files are not on ext4, XFS or Btrfs")) struct RememberTests {
  let folder: TemporaryFolder
  private static let content = (0..<(100 << 10)).map { UInt8(truncatingIfNeeded: $0 / 251) }

  init() throws {
    folder = try TemporaryFolder()
  }

  private var options: OpenOptions { OpenOptions(verification: .remember, recordPath: folder("record")) }

  private func opened(_ options: OpenOptions? = nil) throws -> DirectoryEngine {
    try #require(try openStore(folder("store"), options ?? self.options) as? DirectoryEngine)
  }

  /// Whether a new engine, as of another process, opens the blob without hashing it.
  private func isKnown(_ digest: Digest) throws -> Bool {
    let engine = try opened()
    defer { engine.close() }
    let isKnown = engine.isProbablyVerified(digest, version: try engine.blobInfo(digest).version)
    _ = try engine.openBlob(digest)
    return isKnown
  }

  /// Changes a byte in place, and sets the time of modification back.
  private func damage(_ digest: Digest) throws {
    let path = folder("store") + "/blobs/sha256/\(digest.hex)"
    let modified = try OpenFile.open(path: path, .readOnly).status().identity.modified
    try SystemCommand.expect("chmod", "u+w", path)
    let file = try OpenFile.open(path: path, .readWrite)
    try file.write([0xFF].span, at: 5)
    try file.setModified(modified)
  }

  /// Enters a damaged copy, as if the disk had lost the bytes after the entry.
  private func enter(_ digest: Digest) throws {
    let engine = try opened()
    defer { engine.close() }
    let file = try #require(try engine.uncheckedFile(digest))
    let record = VerificationRecord(path: folder("record"))
    let verified = VerifiedState(digest, try file.status().identity)
    let candidate = try eventually { record.candidate(verified, file) }
    record.insert(candidate)
    #expect(record.contains(verified, file))
  }

  /// Waits until a file counts as settled.
  private func eventually<Value>(_ value: () throws -> Value?) throws -> Value {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
      if let value = try value() { return value }
      Thread.sleep(forTimeInterval: 0.02)
    }
    throw TestFailure("the file does not settle")
  }

  @Test("V5 V6: content that one process stored is not hashed by the next")
  func stored() throws {
    let engine = try folder.store("store", .index, options)
    let digest = try engine.putBlob(Self.content).digest
    engine.close()
    #expect(try isKnown(digest))
    #expect(try !opened(OpenOptions(recordPath: folder("record"))).isProbablyVerified(digest))
  }

  @Test("V5: content that another tool stored is hashed by one process, and not by the next")
  func found() throws {
    let engine = try folder.store()
    let digest = try engine.putBlob(Self.content).digest
    engine.close()
    #expect(try !isKnown(digest))
    _ = try eventually { try isKnown(digest) ? true : nil }
  }

  @Test("V5, F5: content that a reader of a layer hashed itself is not hashed by the next process")
  func delegated() throws {
    let stored = try folder.store()
    let digest = try stored.putBlob(Self.content).digest
    stored.close()
    _ = try eventually {
      let engine = try opened()
      try engine.delegateCheck(of: digest, cancellation: .none)?.succeed()
      engine.close()
      let next = try opened()
      defer { next.close() }
      return next.isProbablyVerified(digest) ? true : nil
    }
  }

  @Test("V6: a change right after the content was stored is seen, within the same tick of the clock too")
  func changedRightAfter() throws {
    let engine = try folder.store("store", .index, options)
    for round in 0..<20 {
      let digest = try engine.putBlob(Self.content + [UInt8(round)]).digest
      let path = engine.file(digest)
      if CurrentProcess.effectiveUserID != 0 { try SystemCommand.expect("chmod", "u+w", path) }
      // Closed right after, since a file that is being written does not count as corrupt.
      try OpenFile.open(path: path, .readWrite).write([0xFF].span, at: 5)
      #expect(errorCode { _ = try isKnown(digest) } == .corrupt)
    }
  }

  @Test("V7: a change while no process has the store open is seen, with the time of modification set back")
  func changedBetween() throws {
    let engine = try folder.store("store", .index, options)
    let digest = try engine.putBlob(Self.content).digest
    engine.close()
    #expect(try isKnown(digest))
    try damage(digest)
    #expect(errorCode { _ = try isKnown(digest) } == .corrupt)
  }

  @Test("V7: a copy of a store is hashed", arguments: [["-a"], ["-a", "--reflink=auto"], ["-r"]])
  func copied(flags: [String]) throws {
    let engine = try folder.store("original", .index, options)
    let digest = try engine.putBlob(Self.content).digest
    engine.close()
    try SystemCommand.expect(["cp"] + flags + [folder("original"), folder("store")])
    #expect(try !isKnown(digest))
  }

  @Test("V9: a check removes the entry of damaged content, and later opens hash it")
  func checked() throws {
    let engine = try folder.store()
    let digest = try engine.putBlob(Self.content).digest
    engine.close()
    try damage(digest)
    try enter(digest)
    // As documented: bytes that the disk lost are not seen.
    #expect(try isKnown(digest))
    let checker = try opened(OpenOptions(isReadOnly: true, recordPath: folder("record")))
    #expect(errorCode { try checker.verifyBlob(digest, cancellation: .none) { _ in } } == .corrupt)
    #expect(errorCode { _ = try isKnown(digest) } == .corrupt)
  }

  @Test("V9: a put hashes the stored copy, and heals it")
  func healed() throws {
    let engine = try folder.store()
    let digest = try engine.putBlob(Self.content).digest
    engine.close()
    try damage(digest)
    try enter(digest)
    let healer = try opened()
    #expect(try healer.putBlob(Self.content).digest == digest)
    healer.close()
    #expect(try isKnown(digest))
    #expect(try opened(OpenOptions()).blobContents(digest, limit: 1 << 20) == Self.content)
  }
}
