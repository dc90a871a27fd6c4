import CAS
import CASImage
import CASPlatform
import OCI
import SystemPackage

/// The bytes of an archive, which a ``TarReader`` reads by ascending offset.
protocol ArchiveSource: AnyObject {
  /// The length, in bytes; `nil` while it is unknown.
  var size: Int64? { get }

  /// Reads a range, of which fewer bytes come only at the end of the archive.
  func bytes(in range: Range<Int64>) throws(ArchiveError) -> [UInt8]

  /// Reads the content of a file on the way to what follows.
  ///
  /// - Returns: `nil` if the source reads nothing on its way.
  func scan(_ file: TarMember, _ algorithm: Digest.Algorithm) throws(ArchiveError) -> MemberScan?
}

/// The properties of a member's content that a pass over it finds.
struct MemberScan: Hashable, Sendable {
  /// The digest of the content.
  var digest: Digest
  /// How the content itself is compressed.
  var compression: LayerCompression
}

/// An archive that is not compressed. Its members' contents are skipped.
final class PlainArchive: ArchiveSource {
  var size: Int64? { end }
  private let file: OpenFile
  private let end: Int64

  init(_ file: OpenFile, size: Int64) {
    self.file = file
    end = size
  }

  func bytes(in range: Range<Int64>) throws(ArchiveError) -> [UInt8] {
    try file.bytes(in: range.clamped(to: 0..<end))
  }

  func scan(_ file: TarMember, _ algorithm: Digest.Algorithm) -> MemberScan? { nil }
}

/// An archive that is compressed as a whole, decoded once from its start to its end. On the way its pieces and the contents
/// of its files are hashed, and short JSON documents are kept, so that opening the archive again decodes nothing.
final class DecodedArchive: ArchiveSource {
  /// The longest document that is kept, and the length of all together, in bytes.
  private static let documentLimit: Int64 = 256 << 10
  private static let documentSizeLimit = 32 << 20
  private static let chunkSize = 256 << 10

  private(set) var size: Int64?
  /// Short files that begin as JSON does, by their offsets.
  private(set) var documents: [Int64: [UInt8]] = [:]
  private var documentSize = 0
  private let stream: LayerStream
  private let limit: Int64
  private let context: OperationContext
  private var pieces = PieceHasher()
  private var chunk = [UInt8](repeating: 0, count: DecodedArchive.chunkSize)

  /// - Parameter limit: the most bytes of decoded content.
  init(_ stream: LayerStream, limit: Int64, _ context: OperationContext) {
    self.stream = stream
    self.limit = limit
    self.context = context
  }

  func bytes(in range: Range<Int64>) throws(ArchiveError) -> [UInt8] {
    var bytes: [UInt8] = []
    try skip(to: range.lowerBound)
    try read(range.upperBound - range.lowerBound) { bytes.append(copying: $0) }
    return bytes
  }

  func scan(_ file: TarMember, _ algorithm: Digest.Algorithm) throws(ArchiveError) -> MemberScan? {
    let length = file.content.upperBound - file.content.lowerBound
    let hash = PipelinedHasher(algorithm)
    var start: [UInt8] = []
    var document: [UInt8]? = length <= Self.documentLimit ? [] : nil
    try skip(to: file.content.lowerBound)
    try read(length) { (bytes) in
      hash.append(bytes)
      document?.append(copying: bytes)
      if start.count < 512 { start.append(copying: bytes.extracting(first: min(bytes.count, 512 - start.count))) }
    }
    guard stream.position == file.content.upperBound else { throw .invalid(file.name, TarReader.endsEarly) }
    if let document, let first = document.first, "{[".utf8.contains(first),
      document.count <= Self.documentSizeLimit - documentSize
    {
      documents[file.content.lowerBound] = document
      documentSize += document.count
    }
    guard let digest = hash.finish() else { throw .invalid(file.name, "the hash function returned no digest") }
    return MemberScan(digest: digest, compression: LayerCompression(of: start))
  }

  /// Decodes what follows the archive, and returns the digests of all pieces.
  func finish() throws(ArchiveError) -> [UInt8] {
    try read(.max) { _ in }
    return pieces.finish()
  }

  private func skip(to offset: Int64) throws(ArchiveError) {
    try read(offset - stream.position) { _ in }
  }

  private func read(_ count: Int64, _ body: (Span<UInt8>) -> Void) throws(ArchiveError) {
    var rest = count
    while rest > 0, size == nil {
      let wanted = Int(min(rest, Int64(Self.chunkSize)))
      let done: Int
      do throws(CASError) {
        try context.checkCancellation()
        done = try Self.fill(&chunk, wanted, from: stream)
      } catch {
        throw .failed(error)
      }
      if done < wanted { size = stream.position }
      guard stream.position <= limit else { throw .invalid(nil, "the archive decodes to more than \(limit) bytes") }
      let bytes = chunk.span.extracting(first: done)
      pieces.update(bytes)
      body(bytes)
      rest -= Int64(done)
    }
  }

  private static func fill(
    _ chunk: inout [UInt8], _ count: Int, from stream: LayerStream
  ) throws(CASError) -> Int {
    var span = chunk.mutableSpan
    var part = span._mutatingExtracting(first: count)
    return try stream.read(into: &part)
  }
}
