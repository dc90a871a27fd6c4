import CAS
import CASCompression
import CASImage
import CASPlatform
import OCI
import SystemPackage

/// The one pass over an archive that is compressed as a whole: it decodes the archive, and hashes the contents of its
/// members.
struct ArchiveScan: ContentSource {
  /// The most bytes that an archive may decode to, if it is short; a longer one may decode to 100 times its length, which is
  /// more than programs in images compress to, and less than a bomb does.
  private static let leastLimit: Int64 = 4 << 30
  private static let ratioLimit: Int64 = 100
  /// The meaning of an index, in its name; it changes with every change of the table or of the rules of the pass.
  private static let statement = Array("casfs archive index 1\n".utf8)

  let key: Digest
  private let file: OpenFile
  private let identity: FileIdentity
  private let compression: LayerCompression
  private let path: String

  /// Names the index of a file.
  ///
  /// An index belongs to a state of the file, where every change of the file shows in that; otherwise to the digest of the
  /// file, which is computed first. Neither is trusted for content, as each piece has a digest of its own.
  init(
    _ file: OpenFile, _ identity: FileIdentity, _ compression: LayerCompression, _ system: RecordSystem,
    _ context: OperationContext
  ) throws(CASError) {
    self.file = file
    self.identity = identity
    self.compression = compression
    path = context.subject
    guard let statement = Self.digest(Self.statement) else {
      throw CASError(.invalid, context, cause: "the hash function returned no digest")
    }
    if let key = system.key(of: VerifiedState(statement, identity), file) {
      self.key = key
      return
    }
    let content = try ContentHash.digest(of: file, size: identity.size, .sha256, context)
    guard let key = Self.digest(Self.statement + content.description.utf8) else {
      throw CASError(.invalid, context, cause: "the hash function returned no digest")
    }
    self.key = key
  }

  private static func digest(_ bytes: [UInt8]) -> Digest? {
    var digester = Digester(.sha256)
    digester.update(bytes.span)
    return digester.digest
  }

  func context(_ cancellation: CancellationToken) -> OperationContext {
    OperationContext("read archive", on: path, cancellation: cancellation)
  }

  func open(_ cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    BlobFileReader(key, file, size: identity.size)
  }

  func scan(_ cancellation: CancellationToken) throws(CASError) -> LayerIndex {
    let context = context(cancellation)
    let stream = try LayerStream(
      try open(cancellation), compression, checkpointInterval: LayerIndex.checkpointInterval, context)
    let (limit, overflows) = identity.size.multipliedReportingOverflow(by: Self.ratioLimit)
    let source = DecodedArchive(stream, limit: overflows ? .max : max(limit, Self.leastLimit), context)
    var members: ArchiveMembers
    let pieces: [UInt8]
    do throws(ArchiveError) {
      members = try ArchiveMembers(reading: source)
      pieces = try source.finish()
    } catch {
      throw error.during(context)
    }
    members.documents = source.documents
    guard try mappingErrno(context, try file.status().identity) == identity else {
      throw CASError(.io(.ioError), context, cause: "the archive was changed during the read")
    }
    do throws(DecodingError) {
      return try LayerIndex(key: key, stream, compression, table: members.serialized, pieces: pieces)
    } catch {
      throw CASError(.invalid, context, cause: error.reason)
    }
  }
}
