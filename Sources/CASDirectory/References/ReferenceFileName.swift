import CASPlatform
import OCI

/// The file name of a reference in the refs layout: characters that a file name cannot have, and `%`, are
/// percent-encoded, so that names and file names correspond one to one.
enum ReferenceFileName {
  /// The file name of a reference; `nil` when it would be too long.
  static func encode(_ name: ReferenceName) -> String? {
    var encoded = PercentEncoding.encode(name.description) { scalar in
      switch scalar {
      case "%", "/", "\0"..<" ", "\u{7F}": true
      default: false
      }
    }
    // A leading dot would hide the file.
    if encoded.utf8.first == UInt8(ascii: ".") { encoded = "%2E" + encoded.dropFirst() }
    return encoded.utf8.count <= PathLimits.name ? encoded : nil
  }

  /// The reference of a file; `nil` when the file name is not one that ``encode(_:)`` makes.
  static func decode(_ fileName: String) -> ReferenceName? {
    guard let text = PercentEncoding.decode(fileName), let name = try? ReferenceName(reading: text),
      // With a second spelling, two files would have one name.
      let encoded = encode(name), encoded.sameBytes(as: fileName)
    else { return nil }
    return name
  }
}
