import OCI

/// An IP address in its 16 bytes of IPv6; an IPv4 address is mapped (RFC 4291, section 2.5.5.2).
struct IPAddress: Hashable, Sendable {
  let bytes: [UInt8]
  /// Whether the address is IPv4, mapped or not.
  let isIPv4: Bool

  /// Parses `1.2.3.4`, or an IPv6 address without brackets; `nil` for any other text.
  init?(_ text: some StringProtocol) {
    if let bytes = Self.ipv4(text) {
      self.init([UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + bytes)
    } else if let bytes = Self.ipv6(text) {
      self.init(bytes)
    } else {
      return nil
    }
  }

  private init(_ bytes: [UInt8]) {
    self.bytes = bytes
    isIPv4 = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
  }

  /// Whether the address is in 127.0.0.0/8, or is `::1`.
  var isLoopback: Bool {
    isIPv4 ? bytes[12] == 127 : bytes.prefix(15).allSatisfy { $0 == 0 } && bytes[15] == 1
  }

  /// Whether the first bits of two addresses of one version are equal.
  ///
  /// - Parameter length: the number of bits, in the address's own version.
  func hasPrefix(of other: IPAddress, length: Int) -> Bool {
    guard isIPv4 == other.isIPv4 else { return false }
    let bits = length + (isIPv4 ? 96 : 0)
    let whole = bits / 8
    guard bytes.prefix(whole) == other.bytes.prefix(whole) else { return false }
    let rest = bits % 8
    return rest == 0 || (bytes[whole] ^ other.bytes[whole]) >> (8 - rest) == 0
  }

  private static func ipv4(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let bytes = parts.compactMap { (part) -> UInt8? in
      guard !part.isEmpty, part.allSatisfy(\.isDigit) else { return nil }
      return UInt8(String(decoding: part, as: UTF8.self))
    }
    return parts.count == 4 && bytes.count == 4 ? bytes : nil
  }

  private static func ipv6(_ text: some StringProtocol) -> [UInt8]? {
    let halves = String(text).split(separator: "::", omittingEmptySubsequences: false)
    guard halves.count <= 2, text.contains(":"), let head = groups(halves[0]) else { return nil }
    guard halves.count == 2 else { return head.count == 16 ? head : nil }
    guard let tail = groups(halves[1]), head.count + tail.count < 16 else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// The bytes of groups that `:` separates, of which the last may be an IPv4 address.
  private static func groups(_ text: Substring) -> [UInt8]? {
    if text.isEmpty { return [] }
    var bytes: [UInt8] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, let last = ipv4(part) {
        bytes += last
      } else {
        guard 1...4 ~= part.utf8.count, part.allSatisfy({ $0.isASCII && $0.isHexDigit }),
          let group = UInt16(part, radix: 16)
        else { return nil }
        bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
      }
    }
    return bytes.count <= 16 ? bytes : nil
  }
}
