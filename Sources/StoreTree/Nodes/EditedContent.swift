import CASPlatform
import SystemPackage

/// The content of a file that is open for writing and kept in memory.
struct EditedContent {
  private(set) var bytes: [UInt8]
  /// The largest size in bytes.
  private let limit: Int

  init(_ bytes: [UInt8], limit: Int) {
    self.bytes = bytes
    self.limit = limit
  }

  /// Reserves memory for content that is probably of a size in bytes.
  mutating func reserveCapacity(_ size: Int) { bytes.reserveCapacity(size) }

  /// Writes bytes, after zeros if the offset is beyond the end: `pwrite(2)`.
  ///
  /// - Throws: EFBIG if the content would be larger than its limit.
  mutating func write(_ written: Span<UInt8>, at offset: Int64) throws(Errno) {
    guard let start = Int(exactly: offset), (0...limit).contains(start), written.count <= limit - start else {
      throw .fileTooLarge
    }
    if start > bytes.count { bytes += [UInt8](repeating: 0, count: start - bytes.count) }
    let overwritten = min(written.count, bytes.count - start)
    for index in 0..<overwritten { bytes[start + index] = written[index] }
    bytes.append(copying: written.extracting(overwritten..<written.count))
  }

  /// Truncates the content, or extends it by zeros: `ftruncate(2)`.
  ///
  /// - Throws: EFBIG if the content would be larger than its limit.
  mutating func truncate(to size: Int64) throws(Errno) {
    guard let size = Int(exactly: size), (0...limit).contains(size) else { throw .fileTooLarge }
    if size < bytes.count {
      bytes.removeSubrange(size...)
    } else {
      bytes += [UInt8](repeating: 0, count: size - bytes.count)
    }
  }
}

extension [UInt8] {
  /// The bytes of a `pread(2)`: fewer than `count` at the end, and none behind it.
  func read(at offset: Int64, count: Int) -> ReadResult {
    guard let start = Int(exactly: offset), (0..<self.count).contains(start) else { return .bytes([]) }
    return .bytes(Array(self[start..<Swift.min(self.count, start + count)]))
  }
}
