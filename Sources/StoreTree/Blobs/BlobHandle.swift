import CAS
import CASPlatform
import OCI
import SystemPackage

/// A blob opened for reading, verified as the store was opened to do; the handle of all who have opened it.
final class BlobHandle: FileHandle {
  private enum Source: Sendable {
    case file(BlobFile)
    case reader(any BlobReader)
  }

  /// To hash this many bytes takes about as long as to wake another thread.
  private static let quickSize: Int64 = 64 << 10
  /// What is asked for in one request is sooner read and kept by the kernel than found by it in a file of its own,
  /// which it opens, and is told of, each time.
  private static let longSize: Int64 = 128 << 10

  private let tree: TreeContext
  private let source: Source
  let digest: Digest
  /// The state of the stored copy that was opened, as far as the store tells.
  let version: UInt64
  /// The node of a blob in that state.
  var node: NodeID { NodeID(Inode.blobNode(digest, version: version)) }
  /// The file that has the blob and nothing else, of a long blob.
  private let whole: BackingFile?

  /// - Parameter info: the state of the stored copy, where it is known.
  init(_ tree: TreeContext, _ digest: Digest, _ info: BlobInfo?, _ context: RequestContext) throws(Errno) {
    self.tree = tree
    self.digest = digest
    if let files = tree.files, let file = try Self.file(of: files, tree, digest, info, context) {
      source = .file(file)
      version = file.info.version
      whole = file.offset == 0 && file.info.size > Self.longSize ? BackingFile(file.file) : nil
    } else {
      context.willBlock()
      source = .reader(
        try tree.errors.map(try tree.engine.openBlob(digest, cancellation: context.cancellation)))
      // Of a store with files: this one is in none.
      version = tree.files == nil ? info?.version ?? 0 : 0
      whole = nil
    }
  }

  private static func file(
    of files: any FileBackedEngine, _ tree: TreeContext, _ digest: Digest, _ info: BlobInfo?,
    _ context: RequestContext
  ) throws(Errno) -> BlobFile? {
    let isVerified = files.isProbablyVerified(digest, version: info?.version)
    if !isVerified {
      if tree.remote != nil || (info?.size ?? .max) > quickSize { context.willBlock() }
      tree.counters.add(.verifications)
    }
    let file = try tree.errors.map(try files.blobFile(digest, cancellation: context.cancellation))
    // It was another file that had been verified.
    if isVerified, let file, let info, file.info.version != info.version { tree.counters.add(.verifications) }
    return file
  }

  /// Whether the file is, and always was, in the state of this version.
  func isCurrent(_ version: UInt64) -> Bool {
    guard case .file(let file) = source, file.info.version == version else { return false }
    return (try? tree.files?.info(of: file))?.version == version
  }

  /// Notes that a caller has opened it.
  func countOpen() {
    tree.counters.add(.opens)
  }

  /// Whether the kernel may keep what it has read.
  var isCacheable: Bool { tree.options.cachesBlobs }
  // Who checks at every open wants to be asked for every byte.
  var cachePolicy: CachePolicy { isCacheable ? .keepCache : .directIO }
  var backing: BackingFile? { isCacheable ? whole : nil }

  func release(_ context: RequestContext) {
    tree.recent.didRelease(self)
  }

  func read(at offset: Int64, count: Int, _ context: RequestContext) throws(Errno) -> ReadResult {
    switch source {
    case .file(let file):
      let count = Int(max(0, min(Int64(count), file.info.size - offset)))
      return count == 0 ? .bytes([]) : .file(file.file, offset: file.offset + offset, count: count)
    case .reader(let reader):
      guard offset < reader.size else { return .bytes([]) }
      context.willBlock()
      return try tree.errors.map(
        try .bytes(
          bytes(count: Int(min(Int64(count), reader.size - offset))) { (span) throws(CASError) in
            try reader.read(into: &span, at: offset)
          }))
    }
  }
}

/// As many of so many bytes as `read` gives.
func bytes<Failure: Error>(
  count: Int, _ read: (inout MutableSpan<UInt8>) throws(Failure) -> Int
) throws(Failure) -> [UInt8] {
  var buffer = [UInt8](repeating: 0, count: count)
  var span = buffer.mutableSpan
  let done = try read(&span)
  buffer.removeLast(count - done)
  return buffer
}
