import CAS
import CASCompression
import CASPlatform
import OCI

/// The one pass over a layer: it hashes the blob and the decoded content, and scans the archive.
struct LayerScan {
  private static let chunkSize = 256 << 10

  let engine: any Engine
  let descriptor: Descriptor
  /// The digest that the configuration states of the decoded content.
  let contentDigest: Digest
  var cancellation: CancellationToken
  private var context: OperationContext {
    OperationContext("read layer", on: descriptor.digest, cancellation: cancellation)
  }

  /// Runs the pass.
  ///
  /// - Parameter progress: called with the number of bytes of the blob that were read.
  /// - Throws: `CASError.Code.corrupt` if the blob or its decoded content has another digest;
  ///   `CASError.Code.invalid` if the layer is malformed, or of another size than its descriptor says.
  func run(progress: (Int64) throws(CASError) -> Void = { _ in }) throws(CASError) -> LayerIndex {
    let check = try unlessAbsent { (engine) throws(CASError) in
      try engine.delegateCheck(of: descriptor.digest, cancellation: cancellation)
    }
    if let check {
      do throws(CASError) {
        let index = try run(reader(of: check.blob), progress: progress)
        check.succeed()
        return index
      } catch {
        guard error.code == .corrupt || error.code == .invalid else { throw error }
        // The blob can be damaged, or another program was about to complete it.
        if try check.confirm(context) { throw error }
      }
    }
    return try run(engine.openContent(of: descriptor, cancellation: cancellation), progress: progress)
  }

  private func run(
    _ reader: any BlobReader, progress: (Int64) throws(CASError) -> Void
  ) throws(CASError) -> LayerIndex {
    guard reader.size == descriptor.size else {
      throw context.malformed("the blob has \(reader.size) bytes, not \(descriptor.size)")
    }
    let compression = try Self.compression(of: reader)
    let blobHash = PipelinedHasher(descriptor.digest.algorithm)
    let contentHash = PipelinedHasher(contentDigest.algorithm)
    let stream = try LayerStream(reader, compression, checkpointInterval: LayerIndex.checkpointInterval, context) {
      blobHash.append($0)
    }
    var scanner = TarScanner()
    var pieces = PieceHasher()
    var chunk = [UInt8](repeating: 0, count: Self.chunkSize)
    while true {
      let count = try Self.fill(&chunk, from: stream)
      if count == 0 { break }
      // A small part of a blob can expand to gigabytes.
      try context.checkCancellation()
      let content = chunk.span.extracting(first: count)
      contentHash.append(content)
      pieces.update(content)
      do throws(DecodingError) {
        try scanner.scan(content)
      } catch {
        throw context.malformed(error.reason)
      }
      try progress(blobHash.count)
    }
    try stream.drain()
    let (scanned, size) = (scanner, stream.position)
    try context.mappingDecoding { () throws(DecodingError) in try scanned.finish() }
    guard let blob = blobHash.finish(), let content = contentHash.finish() else {
      throw context.malformed("the hash function returned no digest")
    }
    guard blob == descriptor.digest else { throw .corrupt(context, expected: descriptor.digest, actual: blob) }
    let digests = pieces.finish()
    return try context.mappingDecoding { () throws(DecodingError) in
      try LayerIndex(
        blob: blob, content: content, compression: compression, size: size, entries: scanned.entries,
        checkpoints: stream.checkpoints, pieces: digests)
    }
  }

  private static func compression(of reader: any BlobReader) throws(CASError) -> LayerCompression {
    var start = [UInt8](repeating: 0, count: 512)
    var span = start.mutableSpan
    let count = try reader.read(into: &span, at: 0)
    return LayerCompression(of: Array(start.prefix(count)))
  }

  private static func fill(_ chunk: inout [UInt8], from stream: LayerStream) throws(CASError) -> Int {
    var span = chunk.mutableSpan
    return try stream.read(into: &span)
  }
}

extension LayerScan: ContentSource {
  var key: Digest { descriptor.digest }

  func context(_ cancellation: CancellationToken) -> OperationContext {
    OperationContext("read layer", on: descriptor.digest, cancellation: cancellation)
  }

  func open(_ cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    if let file = try uncheckedFile(cancellation) { return reader(of: file) }
    return try engine.openContent(of: descriptor, cancellation: cancellation)
  }

  func openFile(_ cancellation: CancellationToken) throws(CASError) -> ContentFile? {
    guard let engine = engine as? any FileBackedEngine else { return nil }
    if let file = try uncheckedFile(cancellation) {
      let isVerified = engine.isProbablyVerified(descriptor.digest, version: file.info.version)
      return ContentFile(blob: file, isVerified: isVerified, engine: engine)
    }
    // Opening any other blob could hash or fetch the whole of it.
    guard engine.isProbablyVerified(descriptor.digest, version: nil) else { return nil }
    return try engine.blobFile(descriptor.digest, cancellation: cancellation).map {
      ContentFile(blob: $0, isVerified: true, engine: engine)
    }
  }

  private func reader(of blob: BlobFile) -> BlobFileReader {
    BlobFileReader(descriptor.digest, blob.file, from: blob.offset, size: blob.info.size)
  }

  private func uncheckedFile(_ cancellation: CancellationToken) throws(CASError) -> BlobFile? {
    try unlessAbsent { (engine) throws(CASError) in
      try engine.uncheckedBlobFile(descriptor.digest, cancellation: cancellation)
    }
  }

  /// Opens the blob without its verification.
  ///
  /// - Returns: `nil` if ``Engine/openContent(of:cancellation:)`` has to open it.
  private func unlessAbsent<File>(
    _ open: (any UncheckedReading) throws(CASError) -> File?
  ) throws(CASError) -> File? {
    guard let engine = engine as? any UncheckedReading else { return nil }
    do throws(CASError) {
      return try open(engine)
    } catch {
      // The descriptor may embed the content of a blob that is not stored.
      guard error.code == .notFound else { throw error }
      return nil
    }
  }

  func scan(_ cancellation: CancellationToken) throws(CASError) -> LayerIndex {
    var scan = self
    scan.cancellation = cancellation
    return try scan.run()
  }
}
