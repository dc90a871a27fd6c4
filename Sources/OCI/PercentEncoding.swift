/// Percent-encoding (RFC 3986, section 2.1): `%` and two upper-case hexadecimal digits for each byte of UTF-8.
package enum PercentEncoding {
  /// Encodes the reserved scalars of a text.
  ///
  /// - Parameter isReserved: whether a scalar must be encoded. `%` must be, for the result to be decodable.
  package static func encode(_ text: String, where isReserved: (Unicode.Scalar) -> Bool) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for scalar in text.unicodeScalars {
      let bytes = String(scalar).utf8
      if isReserved(scalar) {
        for byte in bytes { encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
      } else {
        encoded.append(contentsOf: bytes)
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// Encodes all but the unreserved scalars (RFC 3986, section 2.3), for a part of a query.
  ///
  /// - Parameter others: scalars that stay as they are too.
  package static func encodeQuery(_ text: String, keeping others: String.UnicodeScalarView = "".unicodeScalars)
    -> String
  {
    encode(text) { (scalar) in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_", "~": false
      default: !others.contains(scalar)
      }
    }
  }

  /// Decodes a text; `nil` when `%` is not followed by two hexadecimal digits, or the result is not UTF-8.
  package static func decode(_ text: String) -> String? {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
    var decoded: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        decoded.append(byte)
        continue
      }
      let digits = rest.prefix(2).compactMap(hexValue)
      guard digits.count == 2 else { return nil }
      decoded.append(digits[0] << 4 | digits[1])
      rest = rest.dropFirst(2)
    }
    return String(validating: decoded, as: UTF8.self)
  }

  private static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
