/// A descriptor with a digest of an unsupported algorithm, such as `blake3` (image-spec, `descriptor.md`, "Digests").
///
/// Such content cannot be verified. It is therefore never served, and never garbage.
public struct ForeignDescriptor: Hashable, Sendable, CustomStringConvertible {
  /// The media type of the content; empty if the reference states none.
  public let mediaType: String
  /// The algorithm: components of small letters and digits, joined by one of `+._-`.
  public let algorithm: String
  /// The digest without the algorithm: letters, digits and `=_-`.
  public let encoded: String

  /// The maximum length of both parts, in bytes: they are file names.
  private static let maximumLength = 255

  /// Reads a descriptor; `nil` if it is malformed, or ``Digest`` supports the algorithm.
  public init?(_ value: JSON) {
    guard let mediaType = value["mediaType"]?.text, let text = value["digest"]?.text else { return nil }
    self.init(digest: text, mediaType: mediaType)
  }

  /// Reads a digest; `nil` if it is malformed, or ``Digest`` supports the algorithm.
  public init?(digest text: String, mediaType: String = "") {
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let algorithm = String(parts[0]), let encoded = String(parts[1]),
      Digest.Algorithm(rawValue: algorithm) == nil, Self.isAlgorithm(algorithm), !encoded.isEmpty,
      encoded.utf8.count <= Self.maximumLength,
      encoded.utf8.allSatisfy({ $0.isLetterOrDigit || "=_-".utf8.contains($0) })
    else { return nil }
    self.mediaType = mediaType
    self.algorithm = algorithm
    self.encoded = encoded
  }

  /// The digest's text.
  public var description: String { "\(algorithm):\(encoded)" }

  private static func isAlgorithm(_ text: String) -> Bool {
    text.utf8.count <= maximumLength
      && text.utf8.split(omittingEmptySubsequences: false) { "+._-".utf8.contains($0) }.allSatisfy {
        !$0.isEmpty && $0.allSatisfy(isSmallLetterOrDigit)
      }
  }

  private static func isSmallLetterOrDigit(_ byte: UInt8) -> Bool {
    byte.isDigit || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
  }
}
