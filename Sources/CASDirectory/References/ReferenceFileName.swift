import OCI

/// The name of a reference as one file name: what cannot stand in one, and `%`, is percent-encoded (RFC 3986), so
/// that names and file names stand for each other one to one.
enum ReferenceFileName {
  /// The longest file name, in bytes.
  static let maximumLength = 255

  /// The file name of a reference; `nil` when it would be too long.
  static func encode(_ name: ReferenceName) -> String? {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for (index, byte) in name.description.utf8.enumerated() {
      let isPlain = byte >= 0x20 && byte != 0x7F && byte != UInt8(ascii: "%") && byte != UInt8(ascii: "/")
      // A leading dot would hide the file.
      if isPlain, index > 0 || byte != UInt8(ascii: ".") {
        encoded.append(byte)
      } else {
        encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return encoded.count <= maximumLength ? String(decoding: encoded, as: UTF8.self) : nil
  }

  /// The reference that a file is for; `nil` when it is for none.
  static func decode(_ fileName: String) -> ReferenceName? {
    var decoded: [UInt8] = []
    var rest = Array(fileName.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        let digits = String(decoding: rest.prefix(2), as: UTF8.self)
        guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
        decoded.append(value)
        rest = rest.dropFirst(2)
      } else {
        decoded.append(byte)
      }
    }
    guard let text = String(validating: decoded, as: UTF8.self), let name = try? ReferenceName(reading: text),
      // Only the one spelling, or two files would be for one name.
      let encoded = encode(name), encoded.sameBytes(as: fileName)
    else { return nil }
    return name
  }
}
