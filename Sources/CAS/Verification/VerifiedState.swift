package import CASPlatform
package import OCI

/// The statement that one state of one file, or of a region of it, has the content of a digest.
package struct VerifiedState: Sendable {
  /// The digest of the content.
  package var digest: Digest
  /// Device, inode, size and times of the file. The device is not part of the statement, since its number can be another
  /// after each boot.
  package var identity: FileIdentity
  /// The place of the content in the file, in bytes; `nil` is the whole file.
  package var region: Range<Int64>?

  /// Creates a statement.
  package init(_ digest: Digest, _ identity: FileIdentity, region: Range<Int64>? = nil) {
    self.digest = digest
    self.identity = identity
    self.region = region
  }

  /// The length of the content, in bytes.
  var size: Int64 { place.size }

  private var place: Range<Int64> { region ?? 0..<identity.size }

  /// The SHA-256 of the statement, which says of which machine and of which file system the file is.
  func fingerprint(machine: String, _ origin: FileOrigin) -> Fingerprint {
    var parts = ["casfs verified 1", machine, digest.description]
    parts += [
      origin.type, identity.size, identity.modified.seconds, identity.changed.seconds, origin.birth.seconds,
      place.lowerBound, place.upperBound,
    ].map(String.init)
    parts += [
      origin.fileSystem, origin.uuidHigh, origin.uuidLow, origin.generation, identity.inode,
      UInt64(identity.modified.nanoseconds), UInt64(identity.changed.nanoseconds), UInt64(origin.birth.nanoseconds),
    ].map(String.init)
    return Fingerprint(of: parts)
  }

  /// The SHA-256 of the statement, of any file with this fs-verity digest.
  func fingerprint(_ verity: VerityDigest) -> Fingerprint {
    Fingerprint(
      of: ["casfs sealed 1", digest.description] + [place.lowerBound, place.upperBound].map(String.init)
        + [String(verity.algorithm)] + verity.bytes.map(String.init))
  }
}

/// A SHA-256.
struct Fingerprint: Hashable, Sendable {
  /// The length, in bytes.
  static let size = 32

  /// The hash.
  let bytes: [UInt8]

  /// Hashes the lines of a statement.
  fileprivate init(of lines: [String]) {
    self.init(of: Array(lines.joined(separator: "\n").utf8))
  }

  /// Hashes bytes.
  init(of bytes: [UInt8]) {
    var function = SHA2.sha256()
    function.update(bytes.span)
    self.bytes = function.result()
  }
}
