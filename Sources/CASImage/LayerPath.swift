import CASCompression
import CASPlatform

/// Paths within a layer: bytes without a slash at the ends, empty for the root.
enum LayerPath {
  /// The longest path of an entry, in bytes.
  private static let limit = 32 << 10

  /// Cleans a name in an archive: no leading slash, `.` and empty parts dropped, `..` removed with the part before it.
  ///
  /// - Throws: for a path, or a part of it, that is too long.
  static func clean(_ name: [UInt8]) throws(DecodingError) -> [UInt8] {
    guard name.count <= limit else { throw DecodingError("path longer than \(limit) bytes") }
    var parts: [ArraySlice<UInt8>] = []
    for part in name.split(separator: UInt8(ascii: "/")) {
      if part.elementsEqual(".".utf8) { continue }
      if part.elementsEqual("..".utf8) {
        _ = parts.popLast()
        continue
      }
      guard part.count <= PathLimits.name else { throw DecodingError("file name longer than \(PathLimits.name) bytes") }
      parts.append(part)
    }
    return Array(parts.joined(separator: [UInt8(ascii: "/")]))
  }

  /// Whether a path is one that ``clean(_:)`` returns.
  static func isClean(_ path: [UInt8]) -> Bool {
    guard path.count <= limit else { return false }
    if path.isEmpty { return true }
    var start = 0
    while true {
      let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
      guard 1...PathLimits.name ~= end - start else { return false }
      // `.` and `..`.
      if end - start <= 2, path[start..<end].allSatisfy({ $0 == UInt8(ascii: ".") }) { return false }
      if end == path.count { return true }
      start = end + 1
    }
  }

  /// The directory and the last part of a path.
  static func split(_ path: [UInt8]) -> (parent: ArraySlice<UInt8>, name: ArraySlice<UInt8>) {
    guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return ([], path[...]) }
    return (path[..<slash], path[(slash + 1)...])
  }
}
