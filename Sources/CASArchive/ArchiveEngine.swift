import CAS
import CASImage
import CASPlatform
import OCI
import SystemPackage

/// An opened archive. Its members and references are those of the moment of opening; a blob is verified again after the
/// archive's file has changed. In a compressed archive, blobs were hashed when the archive was decoded, and each piece that
/// is read is compared with what it was then.
final class ArchiveEngine: ReadOnlyEngine, FileBackedEngine, SpaceReporting, ContentVerifying, PlacementChecking,
  UncheckedReading
{
  let uri: String
  let driverName: String
  private let verification: Verification
  private let verifier: Verifier
  /// `nil` after `close()`.
  private let opened: Monitor<Archive?>

  init(_ archive: Archive, _ format: ArchiveFormat, uri: String, _ options: OpenOptions) {
    self.uri = uri
    driverName = format.rawValue
    verification = options.verification
    verifier = Verifier(options)
    opened = Monitor(archive)
  }

  func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    let context = OperationContext("read blob", on: digest, cancellation: cancellation)
    let (archive, blob) = try find(digest, context)
    if let reader = try reader(digest, blob, in: archive, context) { return reader }
    _ = try verified(digest, blob, in: archive, context)
    return BlobFileReader(digest, archive.file, from: blob.file.content.lowerBound, size: blob.size)
  }

  func uncheckedBlobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile? {
    try openUnchecked(digest, cancellation)?.region
  }

  func delegateCheck(of digest: Digest, cancellation: CancellationToken) throws(CASError) -> DelegatedCheck? {
    guard let (blob, region, identity) = try openUnchecked(digest, cancellation) else { return nil }
    return verifier.delegateCheck(of: digest, region, identity, region: blob.file.content)
  }

  private func openUnchecked(
    _ digest: Digest, _ cancellation: CancellationToken
  ) throws(CASError) -> (blob: ArchiveBlob, region: BlobFile, identity: FileIdentity)? {
    let context = OperationContext("open blob", on: digest, cancellation: cancellation)
    let (archive, blob) = try find(digest, context)
    guard archive.hasInFile(blob) else { return nil }
    let identity = try identity(of: archive.file, context)
    return (blob, region(of: blob, in: archive, identity), identity)
  }

  func blobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile? {
    let context = OperationContext("open blob", on: digest, cancellation: cancellation)
    let (archive, blob) = try find(digest, context)
    guard archive.hasInFile(blob) else { return nil }
    return region(of: blob, in: archive, try verified(digest, blob, in: archive, context))
  }

  private func region(of blob: ArchiveBlob, in archive: Archive, _ identity: FileIdentity) -> BlobFile {
    BlobFile(
      file: archive.file, offset: blob.file.content.lowerBound,
      info: BlobInfo(size: blob.size, modified: blob.file.modified, version: identity.version))
  }

  func info(of file: BlobFile) throws(CASError) -> BlobInfo {
    let identity = try identity(of: file.file, OperationContext("look up blob", on: uri))
    return BlobInfo(size: file.info.size, modified: file.info.modified, version: identity.version)
  }

  func isProbablyVerified(_ digest: Digest, version: UInt64?) -> Bool {
    if verifier.isProbablyVerified(digest, version: version, verification) { return true }
    let context = OperationContext("open blob", on: digest)
    guard let (archive, blob) = try? find(digest, context) else { return false }
    if !archive.hasInFile(blob) { return version == nil || version == 0 }
    guard verifier.remembers, let identity = try? identity(of: archive.file, context) else { return false }
    return verifier.recall(digest, archive.file, identity, region: blob.file.content)
      && (version == nil || version == identity.version)
  }

  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    let context = OperationContext("look up blob", on: digest, cancellation: cancellation)
    let (archive, blob) = try find(digest, context)
    // Content that is not in the file as it is has no other version.
    let version = archive.hasInFile(blob) ? try identity(of: archive.file, context).version : 0
    return BlobInfo(size: blob.size, modified: blob.file.modified, version: version)
  }

  func listBlobs() throws(CASError) -> any BlobListing {
    ArrayListing(try archive(OperationContext("list blobs", on: uri)).blobs.keys.sorted())
  }

  func index() throws(CASError) -> ImageIndex {
    try archive(OperationContext("read index", on: uri)).index
  }

  func verifyBlob(
    _ digest: Digest, cancellation: CancellationToken, progress: (Int64) throws(CASError) -> Void
  ) throws(CASError) {
    let context = OperationContext("verify blob", on: digest, cancellation: cancellation)
    let (archive, blob) = try find(digest, context)
    if let reader = try reader(digest, blob, in: archive, context) {
      return try ContentHash.verify(reader, context, progress: progress)
    }
    let identity = try identity(of: archive.file, context)
    let region = blob.file.content
    do throws(CASError) {
      let check = ContentCheck(file: archive.file, region: region, digest: digest, context)
      _ = try check.run(identity, progress: progress)
    } catch {
      verifier.forget(digest)
      if error.corruption != nil { verifier.discredit(digest, archive.file, identity, region: region) }
      throw error
    }
  }

  /// Reports deviations of the archive from the form that tar(1) writes. Members that are not part of the layout are not
  /// reported: archives of `docker save` have some.
  func findForeignFiles(
    cancellation: CancellationToken, _ report: (StoreProblem) throws(CASError) -> Void
  ) throws(CASError) {
    let archive = try archive(OperationContext("check store", on: uri, cancellation: cancellation))
    if archive.lacksEndMarker {
      try report(StoreProblem(.unusual, subject: "archive", reason: "no end-of-archive marker: it may be truncated"))
    }
    for name in archive.duplicates.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      let subject = String(decoding: name, as: UTF8.self)
      try report(StoreProblem(.unusual, subject: subject, reason: "several members have this name; the last counts"))
    }
  }

  func space() throws(CASError) -> FileSystemStatistics {
    let context = OperationContext("look up space", on: uri)
    let file = try archive(context).file
    return try mappingErrno(context, try file.space())
  }

  func checkOpen(_ context: OperationContext) throws(CASError) {
    _ = try archive(context)
  }

  func close() {
    opened.withLock { $0 = nil }
    verifier.close()
  }

  /// The number of pieces of a compressed archive that were decoded since it was opened, for tests.
  var decodedPieceCount: Int { opened.withLock { $0?.decoded?.decodedPieceCount ?? 0 } }

  private func archive(_ context: OperationContext) throws(CASError) -> Archive {
    guard let archive = opened.withLock({ $0 }) else { throw .closed(context) }
    return archive
  }

  private func find(_ digest: Digest, _ context: OperationContext) throws(CASError) -> (Archive, ArchiveBlob) {
    let archive = try archive(context)
    guard let blob = archive.blobs[digest] else { throw .notFound(context) }
    return (archive, blob)
  }

  private func identity(of file: OpenFile, _ context: OperationContext) throws(CASError) -> FileIdentity {
    try mappingErrno(context, try file.status().identity)
  }

  /// The reader of a blob that is not a region of the file: it is in memory, or the file is compressed.
  ///
  /// - Returns: `nil` for a region of the file.
  /// - Throws: `CASError.Code.corrupt` if the blob had another digest when the archive was decoded.
  private func reader(
    _ digest: Digest, _ blob: ArchiveBlob, in archive: Archive, _ context: OperationContext
  ) throws(CASError) -> (any BlobReader)? {
    guard let decoded = archive.decoded else { return blob.bytes.map { EmbeddedReader(digest, $0) } }
    try context.checkCancellation()
    if let scan = blob.file.scan {
      // A hard link can have a digest of another algorithm than its file.
      let isComparable = scan.digest.algorithm == digest.algorithm
      let actual =
        isComparable
        ? scan.digest : try DecodedBlobReader.digest(of: decoded, blob.file.content, digest.algorithm, context)
      if actual != digest {
        let corruption = CASError.Corruption(expected: digest, actual: actual)
        verifier.report(corruption, try identity(of: archive.file, context))
        throw .corrupt(context, expected: digest, actual: actual)
      }
    }
    if let bytes = blob.bytes { return EmbeddedReader(digest, bytes) }
    return DecodedBlobReader(digest, decoded, blob.file.content)
  }

  /// Hashes a region of the file, unless that was done in this state of the file.
  private func verified(
    _ digest: Digest, _ blob: ArchiveBlob, in archive: Archive, _ context: OperationContext
  ) throws(CASError) -> FileIdentity {
    try verifier.ensure(
      archive.file, identity(of: archive.file, context), region: blob.file.content, is: digest, verification, context)
  }
}
