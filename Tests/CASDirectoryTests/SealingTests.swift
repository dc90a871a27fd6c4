import CAS
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

/// Whether temporary files are on a file system with fs-verity, as in `.ci/debian-kernel`.
private let canSeal: Bool = {
  do {
    let folder = try OpenFile.open(path: FileManager.default.temporaryDirectory.path, [.readOnly, .directory])
    _ = try folder.verityDigest()
    return true
  } catch {
    return false
  }
}()

/// Blobs that are sealed with fs-verity.
@Suite struct SealingTests {
  let folder: TemporaryFolder
  private static let content = [UInt8](repeating: 5, count: 200 << 10)

  init() throws {
    folder = try TemporaryFolder()
  }

  private func file(_ digest: Digest) throws -> OpenFile {
    try OpenFile.open(path: folder("store") + "/blobs/sha256/\(digest.hex)", .readOnly)
  }

  @Test("V10: without fs-verity, sealing fails with the reason, and so does opening a store to seal what it gets")
  func absent() throws {
    // procfs has none on any kernel.
    let file = try OpenFile.open(path: "/proc/self/stat", .readOnly)
    #expect { try file.verityDigest() } throws: { [ENOTTY, EOPNOTSUPP, EINVAL].contains(($0 as? Errno)?.rawValue) }
    if canSeal { return }
    let engine = try #require(try folder.store("store") as? DirectoryEngine)
    defer { engine.close() }
    let digest = try engine.putBlob(Self.content).digest
    #expect(throws: CASError.self) { try engine.checkSealing() }
    #expect {
      try engine.sealBlob(digest, cancellation: .none)
    } throws: {
      ($0 as? CASError)?.code == .notImplemented
        && "\($0)" == "seal blob \(digest): the file system has no fs-verity"
    }
    #expect {
      try openStore(folder("store"), OpenOptions(sealsBlobs: true))
    } throws: {
      ($0 as? CASError)?.code == .notImplemented
    }
    #expect(try engine.blobContents(digest, limit: 1 << 20) == Self.content)
  }

  @Test("V10: sealed content cannot be changed, and can be read, put again and removed", .enabled(if: canSeal))
  func sealed() throws {
    let engine = try #require(try folder.store("store") as? DirectoryEngine)
    defer { engine.close() }
    let digest = try engine.putBlob(Self.content).digest
    #expect(try file(digest).verityDigest() == nil)
    #expect(try engine.sealBlob(digest, cancellation: .none))
    #expect(try !engine.sealBlob(digest, cancellation: .none))
    #expect(try file(digest).verityDigest() != nil)
    let path = folder("store") + "/blobs/sha256/\(digest.hex)"
    #expect(throws: Errno.self) { try OpenFile.open(path: path, .readWrite) }
    #expect(try engine.blobContents(digest, limit: 1 << 20) == Self.content)
    #expect(try engine.putBlob(Self.content).digest == digest)
    try engine.deleteBlob(digest)
    #expect(try engine.putBlob(Self.content).digest == digest)
    #expect(try file(digest).verityDigest() == nil)
  }

  @Test("V10: a store that seals what it gets does so before the put returns", .enabled(if: canSeal))
  func puts() throws {
    try folder.store("store").close()
    let engine = try openStore(folder("store"), OpenOptions(sealsBlobs: true))
    defer { engine.close() }
    for content in [Self.content, []] {
      let digest = try engine.putBlob(content).digest
      #expect(try file(digest).verityDigest() != nil)
      #expect(try engine.blobContents(digest, limit: 1 << 20) == content)
    }
  }

  @Test("V10: wrong content is not sealed, nor a file that is open for writing", .enabled(if: canSeal))
  func refused() throws {
    let engine = try #require(try folder.store("store") as? DirectoryEngine)
    defer { engine.close() }
    let digest = try engine.putBlob(Self.content).digest
    let path = folder("store") + "/blobs/sha256/\(digest.hex)"
    try SystemCommand.expect("chmod", "u+w", path)
    do {
      let writer = try OpenFile.open(path: path, .readWrite)
      #expect {
        try engine.sealBlob(digest, cancellation: .none)
      } throws: {
        ($0 as? CASError)?.code == .io(.textFileBusy)
      }
      try writer.write([6].span, at: 0)
    }
    #expect {
      try engine.sealBlob(digest, cancellation: .none)
    } throws: {
      ($0 as? CASError)?.code == .corrupt
    }
    #expect(try file(digest).verityDigest() == nil)
  }

  @Test("V11: content that was hashed while it was sealed is not hashed again, with any times", .enabled(if: canSeal))
  func remembered() throws {
    let options = OpenOptions(verification: .remember, recordPath: folder("record"), sealsBlobs: true)
    try folder.store("store").close()
    let first = try openStore(folder("store"), options)
    let digest = try first.putBlob(Self.content).digest
    first.close()
    func isKnown() throws -> Bool {
      let engine = try #require(try openStore(folder("store"), options) as? DirectoryEngine)
      defer { engine.close() }
      let isKnown = engine.isProbablyVerified(digest)
      _ = try engine.openBlob(digest)
      return isKnown
    }
    try SystemCommand.expect("touch", folder("store") + "/blobs/sha256/\(digest.hex)")
    #expect(try !isKnown())
    try SystemCommand.expect("touch", folder("store") + "/blobs/sha256/\(digest.hex)")
    #expect(try isKnown())
  }
}
