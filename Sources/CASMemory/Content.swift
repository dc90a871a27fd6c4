import CAS
import CASPlatform
import OCI

/// A byte buffer with holes, in pages that are copied on write: copies share the pages that neither of them has
/// changed.
struct Content: Sendable {
  /// In bytes.
  private static let pageSize = 64 << 10

  /// The length in bytes.
  private(set) var size: Int64 = 0
  /// The pages by number. A missing page is a hole, and a short one continues with zeros.
  private var pages: [Int64: [UInt8]] = [:]

  /// Writes bytes at an offset, which must not be negative; their end must not overflow.
  mutating func write(_ bytes: Span<UInt8>, at offset: Int64) {
    var done = 0
    while done < bytes.count {
      let (number, start) = Self.place(of: offset + Int64(done))
      let count = min(bytes.count - done, Self.pageSize - start)
      // Removed from the dictionary, so that an unshared page has one reference and is changed in place.
      var page = pages.removeValue(forKey: number) ?? []
      let missing = start + count - page.count
      if missing > 0 { page.append(contentsOf: [UInt8](repeating: 0, count: missing)) }
      var span = page.mutableSpan
      span.copy(bytes.extracting(done..<done + count), at: start)
      pages[number] = page
      done += count
    }
    if done > 0 { size = max(size, offset + Int64(done)) }
  }

  /// Reads from an offset, which must not be negative, until the buffer is full or the content ends.
  ///
  /// - Returns: the number of bytes read.
  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) -> Int {
    let count = Int(max(0, min(Int64(buffer.count), size - offset)))
    var done = 0
    while done < count {
      let (number, start) = Self.place(of: offset + Int64(done))
      let length = min(count - done, Self.pageSize - start)
      let page = pages[number] ?? []
      let stored = max(0, min(length, page.count - start))
      if stored > 0 { buffer.copy(page.span.extracting(start..<start + stored), at: done) }
      buffer.clear(done + stored..<done + length)
      done += length
    }
    return count
  }

  /// Shortens the content, or extends it with a hole. `newSize` must not be negative.
  mutating func truncate(to newSize: Int64) {
    if newSize < size {
      let (last, rest) = Self.place(of: newSize)
      pages = pages.filter { $0.key <= last }
      if let page = pages[last], page.count > rest { pages[last] = Array(page[..<rest]) }
    }
    size = newSize
  }

  /// Computes the digest of the content.
  ///
  /// - Throws: `CASError.Code.cancelled`.
  func digest(_ algorithm: Digest.Algorithm, _ context: OperationContext) throws(CASError) -> Digest {
    var digester = Digester(algorithm)
    var chunk = [UInt8](repeating: 0, count: Int(min(Int64(Self.pageSize), size)))
    while digester.count < size {
      try context.checkCancellation()
      var span = chunk.mutableSpan
      let count = read(into: &span, at: digester.count)
      digester.update(chunk.span.extracting(first: count))
    }
    guard let digest = digester.digest else { throw CASError(.invalid, context, cause: "the content has no digest") }
    return digest
  }

  private static func place(of offset: Int64) -> (page: Int64, start: Int) {
    let (page, start) = offset.quotientAndRemainder(dividingBy: Int64(pageSize))
    return (page, Int(start))
  }
}
