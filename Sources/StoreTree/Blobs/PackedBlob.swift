import CAS
import CASPlatform
import OCI

/// The digest and the metadata of a blob, in 61 bytes for most, because the kernel remembers a million blobs. Together
/// they have 113.
enum PackedBlob: Sendable {
  case packed(Fields)
  /// Values that the fields cannot hold: SHA-512, times centuries away, and sizes of 2 TiB.
  indirect case other(Digest, BlobInfo)

  struct Fields: Sendable {
    var hash: InlineArray<4, UInt64>
    var size: Int64
    /// Nanoseconds since 1970.
    var modified: Int64
    var version: UInt64
    /// The allocated size in units of 512 bytes; the largest number if it is not known.
    var blocks: UInt32

    fileprivate static let unknown = UInt32.max
  }

  init(_ digest: Digest, _ info: BlobInfo) {
    let (seconds, overflows) = info.modified.seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (modified, overflowsToo) = seconds.addingReportingOverflow(Int64(info.modified.nanoseconds))
    guard let hash = digest.sha256, let blocks = Self.blocks(info.allocatedSize), !overflows, !overflowsToo else {
      self = .other(digest, info)
      return
    }
    self = .packed(
      Fields(hash: hash, size: info.size, modified: modified, version: info.version, blocks: blocks))
  }

  private static func blocks(_ size: Int64?) -> UInt32? {
    guard let size else { return Fields.unknown }
    guard size % 512 == 0, let blocks = UInt32(exactly: size / 512), blocks != Fields.unknown else { return nil }
    return blocks
  }

  var digest: Digest {
    switch self {
    case .packed(let fields): Digest(sha256: fields.hash)
    case .other(let digest, _): digest
    }
  }

  var info: BlobInfo {
    switch self {
    case .packed(let fields): fields.info
    case .other(_, let info): info
    }
  }
}

extension PackedBlob.Fields {
  fileprivate var info: BlobInfo {
    // Rounded down, so that the fraction is positive before 1970 too.
    var (seconds, fraction) = modified.quotientAndRemainder(dividingBy: 1_000_000_000)
    if fraction < 0 { (seconds, fraction) = (seconds - 1, fraction + 1_000_000_000) }
    return BlobInfo(
      size: size, modified: Timestamp(seconds: seconds, nanoseconds: UInt32(truncatingIfNeeded: fraction)),
      version: version, allocatedSize: blocks == Self.unknown ? nil : Int64(blocks) * 512)
  }
}
