import OCI

/// The content of `refs/NAME` as it is written: a descriptor as JSON, or the digest of a stored blob.
enum ReferenceText {
  case descriptor(Descriptor)
  case digest(Digest)

  /// Parses a complete text, ignoring white space around it.
  init(_ text: [UInt8]) throws(InvalidValue) {
    let value = Self.trimmed(text)
    if value.first == UInt8(ascii: "{") {
      self = .descriptor(try Descriptor(parsingNew: value))
    } else {
      guard let text = String(validating: value, as: UTF8.self) else { throw InvalidValue("not UTF-8") }
      // Like a name in `incoming`, it may lack the algorithm.
      if let digest = Digest(withOrWithoutAlgorithm: text) {
        self = .digest(digest)
      } else {
        self = .digest(try Digest(text))
      }
    }
  }

  /// Whether a text that cannot be parsed could be the prefix of one that can.
  static func isUnfinished(_ text: [UInt8]) -> Bool {
    let value = trimmed(text)
    if value.first == UInt8(ascii: "{") { return JSON.isUnfinished(value) }
    // A newline ends a digest.
    guard text.last == value.last else { return false }
    return isUnfinishedHex(value)
      || Digest.Algorithm.allCases.contains { algorithm in
        let pattern = Array("\(algorithm.rawValue):".utf8)
        let length = pattern.count + algorithm.byteCount * 2
        return value.count < length && zip(value, pattern).allSatisfy(==)
          && value.dropFirst(pattern.count).allSatisfy(isHex)
      }
  }

  /// Whether a text has fewer digits than the longest hash, and is not a shorter one.
  private static func isUnfinishedHex(_ value: [UInt8]) -> Bool {
    let lengths = Digest.Algorithm.allCases.map { $0.byteCount * 2 }
    return value.count < lengths.max() ?? 0 && !lengths.contains(value.count) && value.allSatisfy(isHex)
  }

  private static func isHex(_ byte: UInt8) -> Bool { "0123456789abcdef".utf8.contains(byte) }

  private static func trimmed(_ text: [UInt8]) -> [UInt8] {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
    guard let first = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) })
    else { return [] }
    return Array(text[first...last])
  }
}
