import OCI

/// `HOST` or `HOST:PORT` (RFC 3986, section 3.2), with an IPv6 address in brackets. The host is not examined.
struct HostAndPort {
  /// The host without brackets.
  let host: Substring
  /// Whether the host is in brackets.
  let isBracketed: Bool
  /// The text after the colon; `nil` without one.
  let port: Substring?

  /// Splits a text; `nil` if a bracket is not closed, or something other than a port follows it.
  init?(_ text: Substring) {
    isBracketed = text.first == "["
    guard let end = isBracketed ? text.firstIndex(of: "]") : text.firstIndex(of: ":") ?? text.endIndex else {
      return nil
    }
    host = isBracketed ? text[..<end].dropFirst() : text[..<end]
    let tail = isBracketed ? text[end...].dropFirst() : text[end...]
    guard tail.isEmpty || tail.first == ":" else { return nil }
    port = tail.isEmpty ? nil : tail.dropFirst()
  }

  /// The number of a port, 1 to 65535; `nil` for any other text.
  static func number(of port: Substring) -> Int? {
    guard port.utf8.allSatisfy(\.isDigit), let number = UInt16(port), number > 0 else { return nil }
    return Int(number)
  }
}
