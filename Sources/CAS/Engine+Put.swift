public import CASPlatform
import FoundationEssentials
public import OCI
import SystemPackage

extension Engine {
  /// The length of a read, in bytes.
  private var chunkSize: Int { 1 << 20 }

  /// Creates an empty stage for a blob with a SHA-256 digest.
  public func stageBlob() throws(CASError) -> any BlobStage {
    try stageBlob(algorithm: .sha256, copying: nil)
  }

  /// Stores content from a source of chunks, and returns its address.
  ///
  /// - Parameter algorithm: the digest algorithm, unless `expectation` has a digest.
  /// - Parameter source: returns the next chunk of the content, and `nil` after the last. If it throws, nothing is stored.
  /// - Throws: ``CASError/Code-swift.struct/mismatch`` if the content is not what was expected;
  ///   ``CASError/Code-swift.struct/cancelled``; an error of `source`.
  public func putBlob(
    algorithm: Digest.Algorithm = .sha256, expecting expectation: BlobExpectation = BlobExpectation(),
    cancellation: CancellationToken = .none, from source: () throws(CASError) -> [UInt8]?
  ) throws(CASError) -> BlobAddress {
    let stage = try stageBlob(algorithm: expectation.digest?.algorithm ?? algorithm, copying: nil)
    var offset: Int64 = 0
    do throws(CASError) {
      while let chunk = try source() {
        try OperationContext("put blob", on: uri, cancellation: cancellation).checkCancellation()
        try stage.append(chunk.span, at: offset)
        offset += Int64(chunk.count)
      }
      try stage.endContent(at: offset)
      return try stage.commit(expecting: expectation, cancellation: cancellation)
    } catch {
      stage.discard()
      throw error
    }
  }

  /// Stores bytes, and returns their address.
  ///
  /// - Parameter algorithm: the digest algorithm, unless `expectation` has a digest.
  /// - Throws: ``CASError/Code-swift.struct/mismatch`` if the content is not what was expected.
  public func putBlob(
    _ bytes: [UInt8], algorithm: Digest.Algorithm = .sha256,
    expecting expectation: BlobExpectation = BlobExpectation(), cancellation: CancellationToken = .none
  ) throws(CASError) -> BlobAddress {
    var rest: [UInt8]? = bytes
    return try putBlob(algorithm: algorithm, expecting: expectation, cancellation: cancellation) {
      () throws(CASError) in
      defer { rest = nil }
      return rest
    }
  }

  /// Stores the content of an open file from its current position to its end, and returns its address.
  ///
  /// - Parameter algorithm: the digest algorithm, unless `expectation` has a digest.
  /// - Parameter progress: called before each read with the number of bytes that were read. If it throws, nothing is
  ///   stored.
  /// - Throws: ``CASError/Code-swift.struct/mismatch`` if the content is not what was expected;
  ///   ``CASError/Code-swift.struct/cancelled``; an error of `progress`.
  public func putBlob(
    contentsOf file: OpenFile, algorithm: Digest.Algorithm = .sha256,
    expecting expectation: BlobExpectation = BlobExpectation(), cancellation: CancellationToken = .none,
    progress: (Int64) throws(CASError) -> Void = { _ in }
  ) throws(CASError) -> BlobAddress {
    let stage = try stageBlob(algorithm: expectation.digest?.algorithm ?? algorithm, copying: nil)
    do throws(CASError) {
      var chunk = [UInt8](repeating: 0, count: chunkSize)
      var offset: Int64 = 0
      while true {
        try OperationContext("put blob", on: uri, cancellation: cancellation).checkCancellation()
        try progress(offset)
        let count = try readChunk(file, into: &chunk)
        if count == 0 { break }
        try stage.append(chunk.span.extracting(first: count), at: offset)
        offset += Int64(count)
      }
      try stage.endContent(at: offset)
      return try stage.commit(expecting: expectation, cancellation: cancellation)
    } catch {
      stage.discard()
      throw error
    }
  }

  private func readChunk(_ file: OpenFile, into chunk: inout [UInt8]) throws(CASError) -> Int {
    do throws(Errno) {
      var span = chunk.mutableSpan
      return try file.readSome(into: &span)
    } catch {
      throw CASError(error, OperationContext("read", on: "the blob's source"))
    }
  }

  /// Stores a value as JSON, and returns its address. Equal values always get the same digest.
  ///
  /// The content is UTF-8 on one line, without white space and without a newline at the end. The members of every object
  /// are sorted by name, and `/` is not escaped.
  ///
  /// - Throws: ``CASError/Code-swift.struct/invalid`` if the value has no JSON form.
  public func putBlobJSON(
    _ value: some Encodable, cancellation: CancellationToken = .none
  ) throws(CASError) -> BlobAddress {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes: [UInt8]
    do {
      bytes = Array(try encoder.encode(value))
    } catch EncodingError.invalidValue(_, let context) {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw CASError(
        .invalid, operation: "put blob", subject: "as JSON", cause: "the value at '\(path)' has no JSON form")
    } catch {
      throw CASError(.invalid, operation: "put blob", subject: "as JSON", cause: "the value has no JSON form")
    }
    return try putBlob(bytes, cancellation: cancellation)
  }
}
