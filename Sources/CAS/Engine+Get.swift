public import OCI
import SystemPackage

extension Engine {
  /// Opens a stored blob for reading; see ``openBlob(_:cancellation:)``.
  public func openBlob(_ digest: Digest) throws(CASError) -> any BlobReader {
    try openBlob(digest, cancellation: .none)
  }

  /// Returns the metadata of a blob; see ``blobInfo(_:cancellation:)``.
  public func blobInfo(_ digest: Digest) throws(CASError) -> BlobInfo {
    try blobInfo(digest, cancellation: .none)
  }

  /// Reads the whole content of a blob of at most `limit` bytes.
  ///
  /// - Throws: ``CASError/Code-swift.struct/invalid`` if it is longer; as ``openBlob(_:cancellation:)``.
  public func blobContents(
    _ digest: Digest, limit: Int, cancellation: CancellationToken = .none
  ) throws(CASError) -> [UInt8] {
    guard try blobInfo(digest, cancellation: cancellation).size <= limit else {
      throw CASError(.invalid, operation: "read blob", subject: digest.description, cause: "longer than \(limit) bytes")
    }
    let reader = try openBlob(digest, cancellation: cancellation)
    guard reader.size <= limit else {
      throw CASError(.invalid, operation: "read blob", subject: digest.description, cause: "longer than \(limit) bytes")
    }
    var content = [UInt8](repeating: 0, count: Int(reader.size))
    var span = content.mutableSpan
    let count = try reader.read(into: &span, at: 0)
    guard count == content.count else {
      throw CASError(
        .io(.ioError), OperationContext("read blob", on: digest),
        cause: "the blob ends after \(count) of \(reader.size) bytes")
    }
    return content
  }

  /// Calls `body` with the digest of each stored blob, in no particular order.
  ///
  /// - Throws: also, after the last digest, the reason why others could not be listed.
  public func forEachBlob(
    cancellation: CancellationToken = .none, _ body: (Digest) throws(CASError) -> Void
  ) throws(CASError) {
    if let failure = try forEachListedBlob(cancellation: cancellation, body) { throw failure }
  }

  /// Calls `body` with the digest of each blob that can be listed.
  ///
  /// - Returns: the reason why others could not be listed; `nil` if there are none.
  package func forEachListedBlob(
    cancellation: CancellationToken = .none, _ body: (Digest) throws(CASError) -> Void
  ) throws(CASError) -> CASError? {
    let listing = try listBlobs()
    while true {
      try OperationContext("list blobs", on: uri, cancellation: cancellation).checkCancellation()
      let batch = try listing.nextBatch()
      if batch.isEmpty { return listing.failure }
      for digest in batch { try body(digest) }
    }
  }

  /// Stores a reference, unless a different descriptor has the name; see
  /// ``putReference(_:named:replacing:cancellation:)``.
  public func putReference(_ descriptor: Descriptor, named name: ReferenceName) throws(CASError) {
    try putReference(descriptor, named: name, replacing: false, cancellation: .none)
  }

  /// Deletes a reference; success means that it is absent now.
  public func deleteReference(named name: ReferenceName) throws(CASError) {
    try deleteReference(named: name, cancellation: .none)
  }

  /// Deletes the temporary files of abandoned operations; see ``clean(cancellation:)``.
  public func clean() throws(CASError) -> Int {
    try clean(cancellation: .none)
  }
}

extension BlobReader {
  /// Reads the whole blob from its start to its end in chunks.
  ///
  /// - Parameter chunkSize: the length of each chunk in bytes; the last one may be shorter.
  /// - Throws: ``CASError/Code-swift.struct/cancelled``; EIO if the blob ends early; an error of `body`.
  public func forEachChunk(
    of chunkSize: Int = 1 << 20, cancellation: CancellationToken = .none,
    _ body: (Span<UInt8>) throws(CASError) -> Void
  ) throws(CASError) {
    var chunk = [UInt8](repeating: 0, count: Int(min(Int64(chunkSize), max(size, 1))))
    var offset: Int64 = 0
    while offset < size {
      try OperationContext("read blob", on: digest, cancellation: cancellation).checkCancellation()
      let count = try fill(&chunk, at: offset)
      guard count > 0 else {
        throw CASError(
          .io(.ioError), operation: "read blob", subject: digest.description,
          cause: "truncated: \(offset) of \(size) bytes")
      }
      try body(chunk.span.extracting(first: count))
      offset += Int64(count)
    }
  }

  private func fill(_ chunk: inout [UInt8], at offset: Int64) throws(CASError) -> Int {
    var span = chunk.mutableSpan
    return try read(into: &span, at: offset)
  }
}
