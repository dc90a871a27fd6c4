import CASPlatform
public import OCI

/// Computes the digest of content that comes piece by piece.
public struct Digester: Sendable {
  /// The algorithm of the digest.
  public let algorithm: Digest.Algorithm
  /// How many bytes were added.
  public private(set) var count: Int64 = 0
  private var hash: SHA2

  /// Starts with no content.
  public init(_ algorithm: Digest.Algorithm) {
    self.algorithm = algorithm
    hash = algorithm == .sha256 ? .sha256() : .sha512()
  }

  /// Adds the next bytes.
  public mutating func update(_ bytes: Span<UInt8>) {
    hash.update(bytes)
    count += Int64(bytes.count)
  }

  /// The digest of everything added so far.
  ///
  /// - Returns: `nil` never in practice: only if the hash function gave a result of another length.
  public var digest: Digest? { Digest(algorithm, bytes: hash.result()) }
}
