/// The digest that addresses content: an algorithm and a hash (image-spec, `descriptor.md`, "Digests").
///
/// Its text is `sha256:` or `sha512:`, and the hash in lower-case hexadecimal digits. The algorithm is known and the length
/// is right, so the digits are always a safe file name.
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The registered hash algorithms of the image specification.
  public enum Algorithm: String, Hashable, Sendable, CaseIterable {
    /// SHA-256, which every implementation must support.
    case sha256
    /// SHA-512.
    case sha512

    /// The length of a hash, in bytes.
    public var byteCount: Int {
      switch self {
      case .sha256: 32
      case .sha512: 64
      }
    }
  }

  /// The hash algorithm.
  public let algorithm: Algorithm
  private var words: Words

  /// Eight words inside the value: an array would be one allocation for each digest.
  private struct Words: Hashable, Sendable {
    var storage: InlineArray<8, UInt64> = .init(repeating: 0)

    static func == (left: Words, right: Words) -> Bool {
      for index in left.storage.indices where left.storage[index] != right.storage[index] { return false }
      return true
    }

    func hash(into hasher: inout Hasher) {
      for index in storage.indices { hasher.combine(storage[index]) }
    }
  }

  /// Creates a digest from the bytes of a hash.
  ///
  /// - Returns: `nil` if their number is not that of the algorithm.
  public init?(_ algorithm: Algorithm, bytes: [UInt8]) {
    guard bytes.count == algorithm.byteCount else { return nil }
    self.algorithm = algorithm
    words = Words()
    for (index, byte) in bytes.enumerated() {
      words.storage[index / 8] |= UInt64(byte) << UInt64(56 - index % 8 * 8)
    }
  }

  /// Parses the hexadecimal part, which is the name of a file in `blobs/ALGORITHM`.
  ///
  /// - Returns: `nil` for a wrong length, or a character that is not a lower-case hexadecimal digit.
  public init?(_ algorithm: Algorithm, hex: Span<UInt8>) {
    // A listing parses a million of these. A branch on digit or letter would be mispredicted half of the time, and generic
    // text is not specialised across modules.
    guard hex.count == algorithm.byteCount * 2 else { return nil }
    self.algorithm = algorithm
    words = Words()
    var faults: UInt8 = 0
    for word in 0..<algorithm.byteCount / 8 {
      var value: UInt64 = 0
      for index in word * 16..<word * 16 + 16 {
        let character = hex[index]
        let isDigit = character &- UInt8(ascii: "0") < 10
        let isLetter = character &- UInt8(ascii: "a") < 6
        faults |= isDigit == isLetter ? 1 : 0
        // The low bits of "a" are 1, so a letter is its low bits plus 9.
        value = value << 4 | UInt64(character & 15 &+ (character >> 6) &* 9)
      }
      words.storage[word] = value
    }
    guard faults == 0 else { return nil }
  }

  /// Parses the hexadecimal part, which is the name of a file in `blobs/ALGORITHM`.
  ///
  /// - Returns: `nil` for a wrong length, or a character that is not a lower-case hexadecimal digit.
  public init?(_ algorithm: Algorithm, hex: String) {
    self.init(algorithm, hex: hex.utf8.span)
  }

  /// Parses the text of a digest.
  ///
  /// - Throws: ``InvalidValue`` for an unknown algorithm, a wrong length, or a character that is not a lower-case
  ///   hexadecimal digit.
  public init(_ text: some StringProtocol) throws(InvalidValue) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
      throw InvalidValue("malformed digest: not of the form sha256:HEX")
    }
    guard let algorithm = Algorithm(rawValue: String(text[..<colon])) else {
      throw InvalidValue("digest algorithm is not sha256 or sha512")
    }
    let hex = text[text.utf8.index(after: colon)...]
    guard hex.utf8.count == algorithm.byteCount * 2 else {
      throw InvalidValue("a \(algorithm.rawValue) digest has \(algorithm.byteCount * 2) digits, not \(hex.utf8.count)")
    }
    guard let digest = Digest(algorithm, hex: String(hex)) else {
      throw InvalidValue("digest of other than lower-case hexadecimal digits")
    }
    self = digest
  }

  /// The hash in lower-case hexadecimal digits.
  public var hex: String {
    var text = [UInt8](repeating: 0, count: algorithm.byteCount * 2)
    for word in 0..<algorithm.byteCount / 8 {
      var rest = words.storage[word]
      for index in (word * 16..<word * 16 + 16).reversed() {
        let value = UInt8(truncatingIfNeeded: rest & 15)
        text[index] = value &+ (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") &- 10)
        rest >>= 4
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// A digest by SHA-256 from the words of its hash, as ``sha256`` has them.
  package init(sha256 words: InlineArray<4, UInt64>) {
    algorithm = .sha256
    self.words = Words()
    for index in words.indices { self.words.storage[index] = words[index] }
  }

  /// The words of a hash by SHA-256, the first byte the most significant; `nil` for another algorithm.
  package var sha256: InlineArray<4, UInt64>? {
    guard algorithm == .sha256 else { return nil }
    return InlineArray { index in words.storage[index] }
  }

  /// The first eight bytes of the hash as a number, which is distributed uniformly.
  package var prefix: UInt64 { words.storage[0] }

  /// The text: `sha256:HEX`.
  public var description: String { "\(algorithm.rawValue):\(hex)" }

  /// Orders by algorithm, then by hash.
  public static func < (left: Digest, right: Digest) -> Bool {
    if left.algorithm != right.algorithm { return left.algorithm.rawValue < right.algorithm.rawValue }
    for index in left.words.storage.indices where left.words.storage[index] != right.words.storage[index] {
      return left.words.storage[index] < right.words.storage[index]
    }
    return false
  }
}
