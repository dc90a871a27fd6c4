import CAS
import CASPlatform
import OCI
import SystemPackage

/// An opened archive. References are those it had when it was opened; the content of a blob is looked at again when the
/// file has changed.
final class ArchiveEngine: ReadOnlyEngine, FileBackedEngine, SpaceReporting, ContentVerifying {
  let uri: String
  let driverName = "oci-archive"
  /// The kernel reads files by itself from their beginning only.
  let hasWholeFiles = false
  private let verification: Verification
  private let verifier = Verifier()
  private let opened: Monitor<Archive?>

  init(_ archive: Archive, uri: String, _ verification: Verification) {
    self.uri = uri
    self.verification = verification
    opened = Monitor(archive)
  }

  func blob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    let (file, member, _) = try openVerified(digest, "read blob", cancellation)
    return BlobFileReader(digest, file, from: member.content.lowerBound, size: member.size)
  }

  func blobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile? {
    let (file, member, identity) = try openVerified(digest, "open blob", cancellation)
    return BlobFile(
      file: file, offset: member.content.lowerBound,
      info: BlobInfo(size: member.size, modified: member.modified, version: identity.version))
  }

  func info(of file: BlobFile) throws(CASError) -> BlobInfo {
    let identity = try identity(of: file.file, "look at blob", uri)
    return BlobInfo(size: file.info.size, modified: file.info.modified, version: identity.version)
  }

  func isProbablyVerified(_ digest: Digest, version: UInt64?) -> Bool {
    verifier.isProbablyVerified(digest, version: version, verification)
  }

  var isStacked: Bool { opened.withLock { $0 }?.file.isOnOverlay() ?? false }

  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    let (file, member) = try find(digest, "look up blob")
    let identity = try identity(of: file, "look up blob", digest.description)
    return BlobInfo(size: member.size, modified: member.modified, version: identity.version)
  }

  func listBlobs() throws(CASError) -> any BlobListing {
    ArrayListing(Array(try archive("list blobs", uri).blobs.keys))
  }

  func index() throws(CASError) -> ImageIndex {
    try archive("read index", uri).index
  }

  func verifyBlob(
    _ digest: Digest, cancellation: CancellationToken, progress: (Int64) throws(CASError) -> Void
  ) throws(CASError) {
    let operation = "verify blob"
    let (file, member) = try find(digest, operation)
    do throws(CASError) {
      _ = try ContentCheck(
        file: file, region: member.content, digest: digest, operation: operation, cancellation: cancellation
      ).run(identity(of: file, operation, digest.description), progress: progress)
    } catch {
      verifier.forget(digest)
      throw error
    }
  }

  func space() throws(CASError) -> FileSystemStatistics {
    let file = try archive("look up space", uri).file
    return try mappingErrno("look up space", uri) { () throws(Errno) in try file.space() }
  }

  func checkOpen(_ operation: String, _ subject: String) throws(CASError) {
    _ = try archive(operation, subject)
  }

  func close() {
    opened.withLock { $0 = nil }
    verifier.close()
  }

  private func archive(_ operation: String, _ subject: String) throws(CASError) -> Archive {
    guard let archive = opened.withLock({ $0 }) else { throw .closed(operation, subject) }
    return archive
  }

  private func find(_ digest: Digest, _ operation: String) throws(CASError) -> (OpenFile, ArchiveBlob) {
    let archive = try archive(operation, digest.description)
    guard let member = archive.blobs[digest] else { throw .notFound(operation, digest.description) }
    return (archive.file, member)
  }

  private func identity(
    of file: OpenFile, _ operation: String, _ subject: String
  ) throws(CASError) -> FileIdentity {
    try mappingErrno(operation, subject) { () throws(Errno) in try file.status().identity }
  }

  private func openVerified(
    _ digest: Digest, _ operation: String, _ cancellation: CancellationToken
  ) throws(CASError) -> (OpenFile, ArchiveBlob, FileIdentity) {
    let (file, member) = try find(digest, operation)
    let identity = try verifier.ensure(
      file, identity(of: file, operation, digest.description), region: member.content, is: digest, verification,
      operation, cancellation)
    return (file, member, identity)
  }
}
