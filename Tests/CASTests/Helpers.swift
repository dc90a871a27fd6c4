import CAS
import TestSupport

extension SeededGenerator {
  mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 7)
    while bytes.count < count {
      let word = next()
      for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift * 8))) }
    }
    return Array(bytes[..<count])
  }
}

extension BlobStage {
  /// Writes bytes at an offset.
  func write(_ bytes: [UInt8], at offset: Int64) throws(CASError) {
    try write(bytes.span, at: offset)
  }

  /// The whole content of the stage.
  func contents() throws(CASError) -> [UInt8] {
    var content = [UInt8](repeating: 0xEE, count: Int(size) + 10)
    var span = content.mutableSpan
    let count = try read(into: &span, at: 0)
    return Array(content[..<count])
  }
}

extension BlobReader {
  /// Up to `count` bytes from an offset on.
  func read(_ count: Int, at offset: Int64) throws(CASError) -> [UInt8] {
    var content = [UInt8](repeating: 0xEE, count: count)
    var span = content.mutableSpan
    let done = try read(into: &span, at: offset)
    return Array(content[..<done])
  }
}
