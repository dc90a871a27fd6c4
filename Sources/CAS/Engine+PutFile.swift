import CASPlatform
public import OCI
public import SystemPackage

extension Engine {
  /// Stores the content of a file, and returns its address.
  ///
  /// - Parameter path: the file, which is opened with `open(2)` and read to its end.
  /// - Parameter algorithm: the digest algorithm, unless `expectation` has a digest.
  /// - Throws: ``CASError/Code-swift.struct/mismatch`` when the content is not what was expected;
  ///   ``CASError/Code-swift.struct/notFound`` when the file does not exist.
  public func putBlob(
    contentsOf path: FilePath, algorithm: Digest.Algorithm = .sha256,
    expecting expectation: BlobExpectation = BlobExpectation(), cancellation: CancellationToken = .none
  ) throws(CASError) -> BlobAddress {
    let file = try mappingErrno(
      OperationContext("open", on: path.description), try OpenFile.open(path: path.string, .readOnly))
    return try putBlob(contentsOf: file, algorithm: algorithm, expecting: expectation, cancellation: cancellation)
  }

  /// Stores the content of an open file from its current position to its end, and returns its address.
  ///
  /// - Parameter descriptor: remains open, with its position at the end.
  /// - Parameter algorithm: the digest algorithm, unless `expectation` has a digest.
  /// - Throws: ``CASError/Code-swift.struct/mismatch`` when the content is not what was expected.
  public func putBlob(
    contentsOf descriptor: FileDescriptor, algorithm: Digest.Algorithm = .sha256,
    expecting expectation: BlobExpectation = BlobExpectation(), cancellation: CancellationToken = .none
  ) throws(CASError) -> BlobAddress {
    let context = OperationContext("duplicate descriptor", on: String(descriptor.rawValue))
    let file = try mappingErrno(context, try OpenFile(duplicating: descriptor.rawValue))
    return try putBlob(contentsOf: file, algorithm: algorithm, expecting: expectation, cancellation: cancellation)
  }
}
