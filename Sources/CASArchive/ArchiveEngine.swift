import CAS
import CASPlatform
import OCI
import SystemPackage

/// An opened archive. Its members and references are those of the moment of opening; a blob is verified again after the
/// archive's file has changed.
final class ArchiveEngine: ReadOnlyEngine, FileBackedEngine, SpaceReporting, ContentVerifying, PlacementChecking,
  UncheckedReading
{
  let uri: String
  let driverName = "oci-archive"
  private let verification: Verification
  private let verifier: Verifier
  /// `nil` after `close()`.
  private let opened: Monitor<Archive?>

  init(_ archive: Archive, uri: String, _ options: OpenOptions) {
    self.uri = uri
    verification = options.verification
    verifier = Verifier(options)
    opened = Monitor(archive)
  }

  func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    let context = OperationContext("read blob", on: digest, cancellation: cancellation)
    let (file, member, _) = try openVerified(digest, context)
    return BlobFileReader(digest, file, from: member.content.lowerBound, size: member.size)
  }

  func openUncheckedBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    let (file, member) = try find(digest, OperationContext("read blob", on: digest, cancellation: cancellation))
    return BlobFileReader(digest, file, from: member.content.lowerBound, size: member.size)
  }

  func blobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile? {
    let context = OperationContext("open blob", on: digest, cancellation: cancellation)
    let (file, member, identity) = try openVerified(digest, context)
    return BlobFile(
      file: file, offset: member.content.lowerBound,
      info: BlobInfo(size: member.size, modified: member.modified, version: identity.version))
  }

  func info(of file: BlobFile) throws(CASError) -> BlobInfo {
    let identity = try identity(of: file.file, OperationContext("look up blob", on: uri))
    return BlobInfo(size: file.info.size, modified: file.info.modified, version: identity.version)
  }

  func isProbablyVerified(_ digest: Digest, version: UInt64?) -> Bool {
    if verifier.isProbablyVerified(digest, version: version, verification) { return true }
    let context = OperationContext("open blob", on: digest)
    guard verifier.remembers, let (file, member) = try? find(digest, context),
      let identity = try? identity(of: file, context)
    else { return false }
    return verifier.recall(digest, file, identity, region: member.content)
      && (version == nil || version == identity.version)
  }

  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    let context = OperationContext("look up blob", on: digest, cancellation: cancellation)
    let (file, member) = try find(digest, context)
    let identity = try identity(of: file, context)
    return BlobInfo(size: member.size, modified: member.modified, version: identity.version)
  }

  func listBlobs() throws(CASError) -> any BlobListing {
    ArrayListing(Array(try archive(OperationContext("list blobs", on: uri)).blobs.keys))
  }

  func index() throws(CASError) -> ImageIndex {
    try archive(OperationContext("read index", on: uri)).index
  }

  func verifyBlob(
    _ digest: Digest, cancellation: CancellationToken, progress: (Int64) throws(CASError) -> Void
  ) throws(CASError) {
    let context = OperationContext("verify blob", on: digest, cancellation: cancellation)
    let (file, member) = try find(digest, context)
    let identity = try identity(of: file, context)
    do throws(CASError) {
      let check = ContentCheck(file: file, region: member.content, digest: digest, context)
      _ = try check.run(identity, progress: progress)
    } catch {
      verifier.forget(digest)
      if error.corruption != nil { verifier.discredit(digest, file, identity, region: member.content) }
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

  private func archive(_ context: OperationContext) throws(CASError) -> Archive {
    guard let archive = opened.withLock({ $0 }) else { throw .closed(context) }
    return archive
  }

  private func find(_ digest: Digest, _ context: OperationContext) throws(CASError) -> (OpenFile, ArchiveBlob) {
    let archive = try archive(context)
    guard let member = archive.blobs[digest] else { throw .notFound(context) }
    return (archive.file, member)
  }

  private func identity(of file: OpenFile, _ context: OperationContext) throws(CASError) -> FileIdentity {
    try mappingErrno(context, try file.status().identity)
  }

  private func openVerified(
    _ digest: Digest, _ context: OperationContext
  ) throws(CASError) -> (OpenFile, ArchiveBlob, FileIdentity) {
    let (file, member) = try find(digest, context)
    let identity = try verifier.ensure(
      file, identity(of: file, context), region: member.content, is: digest, verification, context)
    return (file, member, identity)
  }
}
