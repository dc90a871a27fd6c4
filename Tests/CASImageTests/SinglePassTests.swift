import CAS
import CASCompression
import CASDirectory
import CASPlatform
import Foundation
import OCI
import TestSupport
import Testing

@testable import CASImage

/// A store in a directory that counts the openings of a blob that hash it.
private final class CountingEngine: ReadOnlyEngine, UncheckedReading {
  private let base: DirectoryEngine
  private let openings = Monitor<[Digest: Int]>([:])

  init(_ base: DirectoryEngine) {
    self.base = base
  }

  func hashingOpenings(of digest: Digest) -> Int { openings.withLock { $0[digest] ?? 0 } }

  func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    openings.withLock { $0[digest, default: 0] += 1 }
    return try base.openBlob(digest, cancellation: cancellation)
  }

  func blobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile? {
    openings.withLock { $0[digest, default: 0] += 1 }
    return try base.blobFile(digest, cancellation: cancellation)
  }

  func uncheckedBlobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile? {
    try base.uncheckedBlobFile(digest, cancellation: cancellation)
  }

  func delegateCheck(of digest: Digest, cancellation: CancellationToken) throws(CASError) -> DelegatedCheck? {
    try base.delegateCheck(of: digest, cancellation: cancellation)
  }

  func isProbablyVerified(_ digest: Digest, version: UInt64?) -> Bool {
    base.isProbablyVerified(digest, version: version)
  }

  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    try base.blobInfo(digest, cancellation: cancellation)
  }

  var uri: String { base.uri }
  var driverName: String { base.driverName }
  func info(of file: BlobFile) throws(CASError) -> BlobInfo { try base.info(of: file) }
  func listBlobs() throws(CASError) -> any BlobListing { try base.listBlobs() }
  func index() throws(CASError) -> ImageIndex { try base.index() }
  func checkOpen(_ context: OperationContext) throws(CASError) {}
  func close() { base.close() }
}

@Suite struct SinglePassTests {
  private static let tar = ImageBuilder.tar([("a", [UInt8](repeating: 7, count: 3_000_000)), ("b", [1, 2])])

  /// A store of which this program has verified nothing, with an image of one layer.
  private struct Stored {
    let folder: TemporaryFolder
    let image: Descriptor
    let layer: Digest
    let engine: CountingEngine

    init(_ blob: [UInt8], isDamaged: Bool = false, _ verification: Verification = .once) throws {
      folder = try TemporaryFolder()
      let builder = ImageBuilder(engine: try DirectoryDriver().create(folder("store"), options: CreateOptions()))
      image = try builder.image([(blob, SinglePassTests.tar)])
      layer = try Digest.of(blob)
      builder.engine.close()
      if isDamaged {
        let path = "store/blobs/sha256/\(layer.hex)"
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder(path))
        var damaged = blob
        damaged[blob.count / 2] ^= 1
        try folder.write(damaged, to: path)
      }
      let opened = try DirectoryDriver().open(
        folder("store"), options: OpenOptions(verification: verification, isReadOnly: true))
      engine = CountingEngine(try #require(opened as? DirectoryEngine))
    }
  }

  @Test("F5, V1: the first use of a layer reads its blob once, which verifies it", arguments: [false, true])
  func once(isCompressed: Bool) throws {
    let stored = try Stored(isCompressed ? ZstdBuffer.compress(Self.tar.span) : Self.tar)
    #expect(!stored.engine.isProbablyVerified(stored.layer, version: nil))
    let image = try Image(stored.image, in: stored.engine)
    #expect(stored.engine.hashingOpenings(of: stored.layer) == 0)
    #expect(try image.contents("b") == [1, 2])
    let version = try stored.engine.blobInfo(stored.layer).version
    #expect(stored.engine.isProbablyVerified(stored.layer, version: version))
  }

  @Test(
    "F5: a flipped bit of a layer is an error with both digests, also where it cannot be decoded",
    arguments: [false, true], [Verification.once, .never])
  func flipped(isCompressed: Bool, _ verification: Verification) throws {
    let blob = try isCompressed ? ZstdBuffer.compress(Self.tar.span) : Self.tar
    let stored = try Stored(blob, isDamaged: true, verification)
    let error = try #require(failure { () throws(CASError) in try Image(stored.image, in: stored.engine) })
    #expect(error.code == .corrupt)
    #expect(error.corruption?.expected == stored.layer && error.corruption?.actual != stored.layer)
    #expect(stored.engine.isProbablyVerified(stored.layer, version: nil) == (verification == .never))
  }

  @Test("F5, V1: a layer that changes while it is read is not verified")
  func changed() throws {
    let stored = try Stored(Self.tar)
    let path = stored.folder("store/blobs/sha256/\(stored.layer.hex)")
    _ = failure { () throws(CASError) in
      try Image(stored.image, in: stored.engine) { (_, _) in
        try? FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 7)], ofItemAtPath: path)
      }
    }
    #expect(!stored.engine.isProbablyVerified(stored.layer, version: nil))
  }

  @Test("F2: the first use of an image whose layer is missing is an error that names the layer")
  func missing() throws {
    let stored = try Stored(Self.tar)
    try FileManager.default.removeItem(atPath: stored.folder("store/blobs/sha256/\(stored.layer.hex)"))
    let error = try #require(failure { () throws(CASError) in try Image(stored.image, in: stored.engine) })
    #expect(error.code == .notFound && error.subject == stored.layer.description)
  }
}
