package import CASPlatform
package import OCI
import SystemPackage

/// The digest of a file's content.
package enum ContentHash {
  /// The length of a read, in bytes: a chunk that fits in the processor's cache is copied fastest.
  private static let chunkSize = 256 << 10

  /// Returns the digest of `size` bytes of a file, or of the bytes before its end if there are fewer.
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
    if size > Int64(chunkSize) { file.adviseSequential() }
    while done < size {
      try context.checkCancellation()
      let wanted = Int(min(Int64(chunk.count), size - done))
      let count = try mappingErrno(context, try read(file, into: &chunk, wanted, at: start + done))
      if count == 0 { break }
      hash.append(chunk.span.extracting(first: count))
      done += Int64(count)
      try progress(done)
    }
    guard let digest = hash.finish() else {
      throw CASError(.invalid, context, cause: "the hash function returned no digest")
    }
    return digest
  }

  private static func read(
    _ file: OpenFile, into chunk: inout [UInt8], _ count: Int, at offset: Int64
  ) throws(Errno) -> Int {
    var span = chunk.mutableSpan
    return try file.read(into: &span, at: offset, limit: count)
  }
}
