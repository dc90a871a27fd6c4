import CAS
import CASPlatform
import OCI
import SystemPackage

/// A blob open for reading, verified as the store was opened to do. All opens of one version of a blob share a handle.
final class BlobHandle: FileHandle {
  private enum Source: Sendable {
    case file(BlobFile)
    case reader(any BlobReader)
  }

  /// The largest blob that is hashed and read by the leader itself when it is opened. Hashing 64 KiB takes about as long as
  /// waking a thread.
  static let quickSize: Int64 = 64 << 10
  /// The largest blob that is read through the daemon. The kernel reads it in one request and caches it, which is
  /// cheaper than opening a backing file and registering it at every open.
  private static let longSize: Int64 = 128 << 10

  private let shared: TreeContext
  private let source: Source
  let digest: Digest
  /// The version of the stored copy that is open; 0 where the store has no versions.
  let version: UInt64
  /// The node of that version.
  var node: NodeID { NodeID(Inode.blobNode(digest, version: version)) }
  /// The file that has a long blob and nothing else, for passthrough.
  private let whole: BackingFile?

  /// - Parameter info: the state of the stored copy that a lookup found, if there was one.
  init(_ shared: TreeContext, _ digest: Digest, _ info: BlobInfo?, _ context: RequestContext) throws(Errno) {
    self.shared = shared
    self.digest = digest
    if let files = shared.files, let file = try Self.file(of: files, shared, digest, info, context) {
      source = .file(file)
      version = file.info.version
      whole = Self.whole(file)
    } else {
      context.willBlock()
      source = .reader(
        try shared.errors.map(try shared.engine.openBlob(digest, cancellation: context.cancellation)))
      // A store with files keeps this blob in none, so the version of a file does not apply.
      version = shared.files == nil ? info?.version ?? 0 : 0
      whole = nil
    }
  }

  /// An open blob of an earlier program, which has verified it.
  init(_ shared: TreeContext, _ digest: Digest, _ file: BlobFile) {
    self.shared = shared
    self.digest = digest
    source = .file(file)
    version = file.info.version
    whole = Self.whole(file)
  }

  /// The file of a long blob that has one for itself.
  private static func whole(_ file: BlobFile) -> BackingFile? {
    file.offset == 0 && file.info.size > longSize ? BackingFile(file.file) : nil
  }

  /// The region of a file that is read; `nil` for a blob that the store reads.
  var file: BlobFile? { if case .file(let file) = source { file } else { nil } }

  private static func file(
    of files: any FileBackedEngine, _ shared: TreeContext, _ digest: Digest, _ info: BlobInfo?,
    _ context: RequestContext
  ) throws(Errno) -> BlobFile? {
    let isVerified = files.isProbablyVerified(digest, version: info?.version)
    if !isVerified {
      if shared.remote != nil || (info?.size ?? .max) > quickSize { context.willBlock() }
      shared.counters.add(.verifications)
    }
    let file = try shared.errors.map(try files.blobFile(digest, cancellation: context.cancellation))
    // The verified file was replaced between the lookup and the open, so this one was hashed.
    if isVerified, let file, let info, file.info.version != info.version { shared.counters.add(.verifications) }
    return file
  }

  /// Whether the file has this version now and had it when it was opened.
  func isCurrent(_ version: UInt64) -> Bool {
    guard case .file(let file) = source, file.info.version == version else { return false }
    return (try? shared.files?.info(of: file))?.version == version
  }

  /// Counts an open by a caller.
  func countOpen() {
    shared.counters.add(.opens)
  }

  /// Whether the kernel may cache the content.
  var isCacheable: Bool { shared.options.cachesBlobs }
  // With verification at every open, each read must reach the daemon.
  var cachePolicy: CachePolicy { isCacheable ? .keepCache : .directIO }
  var backing: BackingFile? { isCacheable ? whole : nil }

  func release(_ context: RequestContext) {
    shared.openBlobs.didRelease(self)
  }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    switch source {
    case .file(let file):
      let count = Int(max(0, min(Int64(count), file.info.size - offset)))
      return count == 0 ? .bytes([]) : .file(file.file, offset: file.offset + offset, count: count)
    case .reader(let reader):
      guard offset < reader.size else { return .bytes([]) }
      context.willBlock()
      return try shared.errors.map(
        try .bytes(
          bytes(count: Int(min(Int64(count), reader.size - offset))) { (span) throws(CASError) in
            try reader.read(into: &span, at: offset)
          }))
    }
  }

  func offset(of target: SeekTarget, from start: Int64, _ context: RequestContext) throws(Errno) -> Int64 {
    switch source {
    case .file(let file):
      return try file.file.offset(of: target, from: start, in: file.offset..<file.offset + file.info.size)
    case .reader(let reader): return try target.offset(from: start, inSolid: reader.size)
    }
  }
}

/// Allocates a buffer, fills it, and cuts it to the number of bytes that `read` returns.
func bytes<Failure: Error>(
  count: Int, _ read: (inout MutableSpan<UInt8>) throws(Failure) -> Int
) throws(Failure) -> [UInt8] {
  var buffer = [UInt8](repeating: 0, count: count)
  var span = buffer.mutableSpan
  let done = try read(&span)
  buffer.removeLast(count - done)
  return buffer
}
