import Glibc

extension MutableSpan where Element == UInt8 {
  /// Copies bytes to `index` and after it, as many as fit: `memcpy(3)`.
  ///
  /// - Returns: the number of bytes that were copied.
  @discardableResult
  package mutating func copy(_ source: Span<UInt8>, at index: Int) -> Int {
    unsafe source.withUnsafeBytes { (source) in
      unsafe withUnsafeMutableBytes { (bytes) in
        guard bytes.indices.contains(index) else { return 0 }
        let count = min(source.count, bytes.count - index)
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[index...])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
        return count
      }
    }
  }

  /// Sets the bytes of a range to zero, as far as the span has them: `memset(3)`.
  package mutating func clear(_ range: Range<Int>) {
    unsafe withUnsafeMutableBytes { (bytes) in
      let range = range.clamped(to: 0..<bytes.count)
      unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[range]).initializeMemory(as: UInt8.self, repeating: 0)
    }
  }
}

extension Span where Element == UInt8 {
  /// Whether all bytes are zero: `memcmp(3)` of each byte with the next.
  package var isZero: Bool {
    unsafe withUnsafeBytes { (bytes) in
      guard let start = bytes.baseAddress, let first = unsafe bytes.first else { return true }
      return first == 0 && (unsafe memcmp(start, start + 1, bytes.count - 1)) == 0
    }
  }
}

extension Array where Element == UInt8 {
  /// Appends a copy of bytes: `memcpy(3)`.
  package mutating func append(copying source: Span<UInt8>) {
    unsafe source.withUnsafeBytes { (source) in unsafe append(contentsOf: source) }
  }
}
