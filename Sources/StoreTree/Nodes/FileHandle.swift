import CASPlatform
import SystemPackage

/// An open file. Every operation has a default for a file that is only read.
protocol FileHandle: AnyObject, Sendable {
  var cachePolicy: CachePolicy { get }
  /// A file with the same content at the same offsets, which the kernel may read itself.
  var backing: BackingFile? { get }
  var ignoresFlush: Bool { get }
  /// A hash of content that another open of the file can lack; 0 for content that does not change.
  var fingerprint: UInt32 { get }
  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult
  /// Finds the next data or hole: `lseek(2)` with `SEEK_DATA`, `SEEK_HOLE`.
  func offset(of target: SeekTarget, from start: Int64, _ context: RequestContext) throws(Errno) -> Int64
  func write(_ bytes: Span<UInt8>, at offset: Int64, _ context: RequestContext) throws(Errno)
  func flush(_ context: RequestContext) throws(Errno)
  func synchronize(_ context: RequestContext) throws(Errno)
  func release(_ context: RequestContext)
}

extension FileHandle {
  var cachePolicy: CachePolicy { .invalidate }
  var backing: BackingFile? { nil }
  var ignoresFlush: Bool { true }
  var fingerprint: UInt32 { 0 }
  func write(_ bytes: Span<UInt8>, at offset: Int64, _ context: RequestContext) throws(Errno) {
    throw .badFileDescriptor
  }
  func flush(_ context: RequestContext) throws(Errno) {}
  func synchronize(_ context: RequestContext) throws(Errno) {}
  func release(_ context: RequestContext) {}
}
