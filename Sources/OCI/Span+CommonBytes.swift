extension Span<UInt8> {
  /// The size of the blocks that are compared as a whole, in bytes: the compiler makes vectors of them.
  private static var blockSize: Int { 64 }

  /// The number of bytes at the beginning that are those of another span.
  func countOfCommonPrefix(with other: Span<UInt8>) -> Int {
    let length = Swift.min(count, other.count)
    var done = 0
    while done + Self.blockSize <= length,
      extracting(done..<done + Self.blockSize).isEqualBlock(other.extracting(done..<done + Self.blockSize))
    {
      done += Self.blockSize
    }
    while done < length, self[done] == other[done] { done += 1 }
    return done
  }

  /// The number of bytes at the end that are those of another span.
  func countOfCommonSuffix(with other: Span<UInt8>) -> Int {
    let length = Swift.min(count, other.count)
    var done = 0
    while done + Self.blockSize <= length {
      let end = count - done
      let otherEnd = other.count - done
      guard
        extracting(end - Self.blockSize..<end).isEqualBlock(
          other.extracting(otherEnd - Self.blockSize..<otherEnd))
      else { break }
      done += Self.blockSize
    }
    while done < length, self[count - 1 - done] == other[other.count - 1 - done] { done += 1 }
    return done
  }

  /// Whether this span has the bytes of another one: it is the same memory, or equal. `==` of arrays compares one byte after
  /// the other.
  package func hasBytes(of other: Span<UInt8>) -> Bool {
    isIdentical(to: other) || count == other.count && countOfCommonPrefix(with: other) == count
  }

  private func isEqualBlock(_ other: Span<UInt8>) -> Bool {
    var difference: UInt8 = 0
    for index in 0..<Self.blockSize { difference |= self[index] ^ other[index] }
    return difference == 0
  }
}
