import CAS
import CASPlatform
import OCI
import Testing

@testable import StoreTree

/// The memory of what the kernel remembers.
@Suite struct PackedBlobTests {
  @Test("A blob has the digest and the metadata that were packed", arguments: Digest.Algorithm.allCases)
  func same(_ algorithm: Digest.Algorithm) throws {
    let digest = try #require(Digest(algorithm, bytes: (0..<algorithm.byteCount).map { UInt8($0 + 100) }))
    let times = [(0, 0), (1, 999_999_999), (-1, 1), (-1, 0), (9_223_372_036, 854_775_807), (1 << 40, 5)]
    for (seconds, nanoseconds) in times + [(-9_223_372_037, 0), (Int.max, 0), (Int.min, 999_999_999)] {
      for allocated in [nil, 0, 512, 511, 4096, Int64(UInt32.max) * 512, Int64(UInt32.max) * 512 - 512, .max] {
        let info = BlobInfo(
          size: .max, modified: Timestamp(seconds: Int64(seconds), nanoseconds: UInt32(nanoseconds)), version: .max,
          allocatedSize: allocated)
        let packed = PackedBlob(digest, info)
        #expect(packed.digest == digest)
        #expect(packed.info == info)
        #expect(packed.info.allocatedSize == allocated)
      }
    }
  }

  @Test("A blob of SHA-256 takes 64 bytes at most, and no further allocation")
  func size() throws {
    #expect(MemoryLayout<PackedBlob>.size <= 64)
    let info = BlobInfo(size: 5, modified: .now, version: 7, allocatedSize: 4096)
    guard case .packed = PackedBlob(try digest("a"), info) else {
      Issue.record("not packed")
      return
    }
  }
}
