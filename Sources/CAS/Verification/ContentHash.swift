package import CASPlatform
package import OCI
import SystemPackage

/// The digests of the contents of files and blobs.
package enum ContentHash {
  /// The length of a read, in bytes: a chunk that fits in the processor's cache is copied fastest.
  private static let chunkSize = 256 << 10

  /// Returns the digest of `size` bytes of a file, or of the bytes before its end if there are fewer.
  ///
  /// Holes are hashed and not read, so that they take no memory in the kernel's cache.
  ///
  /// - Parameter start: the offset of the first byte.
  /// - Parameter progress: called with the number of bytes that were hashed.
  package static func digest(
    of file: OpenFile, from start: Int64 = 0, size: Int64, _ algorithm: Digest.Algorithm, _ context: OperationContext,
    progress: (Int64) throws(CASError) -> Void = { _ in }
  ) throws(CASError) -> Digest {
    let hash = PipelinedHasher(algorithm)
    var done: Int64 = 0
    var chunk = [UInt8](repeating: 0, count: Int(min(Int64(chunkSize), max(size, 1))))
    var zeros: [UInt8] = []
    // The first extent of data that ends after `done`. Content without holes is one.
    var data = 0..<size
    if size > Int64(chunkSize) {
      file.adviseSequential()
      if try mappingErrno(context, try hasReliableHoles(file)) { data = 0..<0 }
    }
    while done < size {
      try context.checkCancellation()
      if done >= data.upperBound { data = try mappingErrno(context, try nextData(file, from: start, done, size)) }
      let wanted = min(Int64(chunk.count), size - done)
      let count: Int
      if done < data.lowerBound {
        if zeros.isEmpty { zeros = [UInt8](repeating: 0, count: chunk.count) }
        count = Int(min(wanted, data.lowerBound - done))
        hash.append(zeros.span.extracting(first: count))
      } else {
        let limit = Int(min(wanted, data.upperBound - done))
        count = try mappingErrno(context, try read(file, into: &chunk, limit, at: start + done))
        hash.append(chunk.span.extracting(first: count))
      }
      if count == 0 { break }
      done += Int64(count)
      try progress(done)
    }
    return try digest(hash, context)
  }

  /// Compares the content of an open blob with its digest.
  ///
  /// - Parameter progress: called with the number of bytes that were hashed.
  /// - Throws: `CASError.Code.corrupt` if it has another one; errors of the reader and of `progress`.
  package static func verify(
    _ blob: any BlobReader, _ context: OperationContext, progress: (Int64) throws(CASError) -> Void
  ) throws(CASError) {
    let hash = PipelinedHasher(blob.digest.algorithm)
    try blob.forEachChunk(cancellation: context.cancellation) { (bytes) throws(CASError) in
      hash.append(bytes)
      try progress(hash.count)
    }
    let actual = try digest(hash, context)
    if actual != blob.digest { throw .corrupt(context, expected: blob.digest, actual: actual) }
  }

  private static func digest(_ hash: PipelinedHasher, _ context: OperationContext) throws(CASError) -> Digest {
    guard let digest = hash.finish() else {
      throw CASError(.invalid, context, cause: "the hash function returned no digest")
    }
    return digest
  }

  /// Whether a file has holes, on a file system of this machine. Another machine may not know of data that is cached here.
  private static func hasReliableHoles(_ file: OpenFile) throws(Errno) -> Bool {
    let status = try file.status()
    if status.allocatedSize >= status.size { return false }
    return try file.isOnLocalFileSystem()
  }

  /// Finds the data from an offset of the content on. The rest of the content is a hole when that begins at its end.
  private static func nextData(
    _ file: OpenFile, from start: Int64, _ done: Int64, _ size: Int64
  ) throws(Errno) -> Range<Int64> {
    // A file that ends early has no hole there, so that reading finds its end.
    guard try file.status().size >= start + size else { return done..<size }
    do throws(Errno) {
      let first = try file.offset(of: .data, from: done, in: start..<start + size)
      return first..<(try file.offset(of: .hole, from: first, in: start..<start + size))
    } catch {
      guard error == .noSuchAddressOrDevice else { throw error }
      return size..<size
    }
  }

  private static func read(
    _ file: OpenFile, into chunk: inout [UInt8], _ count: Int, at offset: Int64
  ) throws(Errno) -> Int {
    var span = chunk.mutableSpan
    return try file.read(into: &span, at: offset, limit: count)
  }
}
