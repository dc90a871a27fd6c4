import CAS
import CASPlatform
import OCI

/// A reader of unverified blobs by HTTP range requests, with read-ahead: sequential reads double the window, up to 8
/// MiB.
final class RangeReader: BlobReader {
  private struct Window: Sendable {
    var start: Int64
    var content: [UInt8]
    var end: Int64 { start + Int64(content.count) }
  }

  private static let minimumWindowSize: Int64 = 256 << 10
  private static let maximumWindowSize: Int64 = 8 << 20

  let digest: Digest
  let size: Int64
  private let repository: Repository
  private let window = Monitor<Window?>(nil)

  init(_ digest: Digest, size: Int64, _ repository: Repository) {
    self.digest = digest
    self.size = size
    self.repository = repository
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    let context = OperationContext("read blob", on: digest)
    guard offset >= 0 else {
      throw CASError(.invalid, context, cause: "negative offset: \(offset)")
    }
    let wanted = Int(min(Int64(buffer.count), max(size - offset, 0)))
    var done = 0
    while done < wanted {
      let position = offset + Int64(done)
      let window = try window(at: position, context)
      let start = Int(position - window.start)
      let count = min(wanted - done, window.content.count - start)
      for index in 0..<count { buffer[done + index] = window.content[start + index] }
      done += count
    }
    return wanted
  }

  /// The current window, or a new one that begins at the position.
  private func window(at position: Int64, _ context: OperationContext) throws(CASError) -> Window {
    let last = window.withLock(notifying: .none) { $0 }
    if let last, (last.start..<last.end).contains(position) { return last }
    let isNext = last?.end == position
    let length = isNext ? min(Int64(last?.content.count ?? 0) * 2, Self.maximumWindowSize) : Self.minimumWindowSize
    let range = position..<min(size, position + max(length, Self.minimumWindowSize))
    let content = try repository.bytes(of: digest, range, size: size, context)
    let new = Window(start: position, content: content)
    window.withLock(notifying: .none) { $0 = new }
    return new
  }
}

extension Repository {
  /// Downloads a range of a blob, which cannot be compared with the digest.
  fileprivate func bytes(
    of digest: Digest, _ range: Range<Int64>, size: Int64, _ context: OperationContext
  ) throws(CASError) -> [UInt8] {
    try sources.read(.digest(digest), context) { (source) throws(CASError) in
      var content: [UInt8] = []
      content.reserveCapacity(range.count)
      try source.client.read(digest, range, size: size, context) { (bytes) in
        content.append(copying: bytes)
      }
      return content
    }
  }
}
