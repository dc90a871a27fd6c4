import CAS
import OCI

/// Content described by two numbers, so that commands stay short.
enum Content {
  private static let blocks = (0..<256).map(block)

  private static func block(_ tag: Int) -> [UInt8] {
    (0..<251).map { index in
      let number = tag * 37 + index * index + index
      return UInt8(number % 251)
    }
  }

  /// `count` bytes of the pattern with a tag from 0 to 255.
  static func pattern(_ count: Int, _ tag: Int) -> [UInt8] {
    let block = blocks[tag]
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for _ in 0..<count / block.count { bytes += block }
    return bytes + block.prefix(count % block.count)
  }

  static func hex(_ bytes: [UInt8]) -> String {
    var digester = Digester(.sha256)
    digester.update(bytes.span)
    return digester.digest?.hex ?? ""
  }

  /// Length and digest as the worker prints them.
  static func short(_ bytes: [UInt8]) -> String { "\(bytes.count) \(hex(bytes).prefix(16))" }

  /// Replaces placeholders in a name by digests: `#2` is that of five bytes with tag 2.
  static func expanded(_ text: String) -> String {
    var result = text
    for tag in 0..<4 { result = result.replacing("#\(tag)", with: hex(pattern(5, tag))) }
    return result
  }
}
