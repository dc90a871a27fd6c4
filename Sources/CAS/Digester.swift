import CASPlatform
public import OCI

/// An incremental hash: computes the digest of content that arrives in chunks.
public struct Digester: Sendable {
  /// The algorithm of the digest.
  public let algorithm: Digest.Algorithm
  /// The number of bytes that were added.
  public private(set) var count: Int64 = 0
  private var hash: SHA2

  /// Creates a digester without content.
  public init(_ algorithm: Digest.Algorithm) {
    self.algorithm = algorithm
    hash = algorithm == .sha256 ? .sha256() : .sha512()
  }

  /// Adds the next bytes.
  public mutating func update(_ bytes: Span<UInt8>) {
    hash.update(bytes)
    count += Int64(bytes.count)
  }

  /// The digest of everything that was added; more can be added afterwards.
  ///
  /// It is `nil` only if the hash function returned a result of the wrong length, which does not happen in practice.
  public var digest: Digest? { Digest(algorithm, bytes: hash.result()) }
}
