/// The address of content: a hash algorithm and the hash of the bytes (image-spec, `descriptor.md`, "Digests").
///
/// Its text is `sha256:` or `sha512:` and the hash in lower-case hexadecimal digits. A value of this type is always
/// a digest of a known algorithm with the right length, so it is safe as a file name.
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The hash functions that the image specification registers.
  public enum Algorithm: String, Hashable, Sendable, CaseIterable {
    /// SHA-256, which every implementation must know.
    case sha256
    /// SHA-512.
    case sha512

    /// How many bytes the hash has.
    public var byteCount: Int {
      switch self {
      case .sha256: 32
      case .sha512: 64
      }
    }
  }

  /// The hash function.
  public let algorithm: Algorithm
  private var words: Words

  /// Eight words in the value itself: a million digests are a million allocations fewer.
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

  /// Makes a digest of the hash's bytes.
  ///
  /// - Returns: `nil` when there are not as many as the algorithm gives.
  public init?(_ algorithm: Algorithm, bytes: some Collection<UInt8>) {
    guard bytes.count == algorithm.byteCount else { return nil }
    self.algorithm = algorithm
    words = Words()
    for (index, byte) in bytes.enumerated() {
      words.storage[index / 8] |= UInt64(byte) << UInt64(56 - index % 8 * 8)
    }
  }

  /// Reads the hexadecimal part alone, as it names a file below `blobs/ALGORITHM`.
  ///
  /// - Returns: `nil` unless it is of the algorithm's length, in digits and lower-case letters a to f.
  public init?(_ algorithm: Algorithm, hex: Span<UInt8>) {
    // A listing reads a million of these, and no processor foresees whether a digit is a letter: there is no branch
    // for that, and no generic text, which is not specialised across modules.
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
        // The letters' low bits begin with 1.
        value = value << 4 | UInt64(character & 15 &+ (character >> 6) &* 9)
      }
      words.storage[word] = value
    }
    guard faults == 0 else { return nil }
  }

  /// Reads the hexadecimal part alone, as it names a file below `blobs/ALGORITHM`.
  ///
  /// - Returns: `nil` unless it is of the algorithm's length, in digits and lower-case letters a to f.
  public init?(_ algorithm: Algorithm, hex: String) {
    self.init(algorithm, hex: hex.utf8.span)
  }

  /// Reads a digest's text.
  ///
  /// - Throws: what is wrong with it: the algorithm, the length, or a character.
  public init(_ text: some StringProtocol) throws(InvalidValue) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
      throw InvalidValue("a digest has the form sha256:HEX")
    }
    guard let algorithm = Algorithm(rawValue: String(text[..<colon])) else {
      throw InvalidValue("the digest's algorithm is not sha256 or sha512")
    }
    let hex = text[text.utf8.index(after: colon)...]
    guard hex.utf8.count == algorithm.byteCount * 2 else {
      throw InvalidValue("a \(algorithm.rawValue) digest has \(algorithm.byteCount * 2) digits, not \(hex.utf8.count)")
    }
    guard let digest = Digest(algorithm, hex: String(hex)) else {
      throw InvalidValue("a digest has lower-case hexadecimal digits only")
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

  /// The first eight bytes of the hash as a number: alike for alike content, and spread evenly.
  public var prefix: UInt64 { words.storage[0] }

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
