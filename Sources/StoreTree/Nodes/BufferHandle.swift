import CASPlatform
import SystemPackage

/// An open file whose content is in memory.
final class BufferHandle: FileHandle {
  private let content: [UInt8]

  init(_ content: [UInt8]) {
    self.content = content
  }

  // The cached length can be that of older content.
  var cachePolicy: CachePolicy { .directIO }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    content.read(at: offset, count: count)
  }

  func offset(of target: SeekTarget, from start: Int64, _ context: RequestContext) throws(Errno) -> Int64 {
    try target.offset(from: start, inSolid: Int64(content.count))
  }
}
