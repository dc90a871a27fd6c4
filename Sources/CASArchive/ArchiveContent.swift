import CAS
import CASImage
import CASPlatform
import OCI
import SystemPackage

/// Random access to the bytes of an archive, compressed or not, and to its members.
struct ArchiveContent: Sendable {
  let file: OpenFile
  /// The decoded content of a compressed file; `nil` if the file is the archive itself.
  let decoded: LayerContent?
  let members: ArchiveMembers
  let context: OperationContext

  /// Reads all headers of a plain archive, or takes the members of a compressed one from its index.
  ///
  /// - Parameter cache: has the indexes of compressed archives.
  /// - Throws: `CASError.Code.invalid` if the archive is malformed; `CASError.Code.io(_:)`.
  init(
    _ file: OpenFile, _ identity: FileIdentity, cache: () -> LayerCache?, _ system: RecordSystem,
    _ context: OperationContext
  ) throws(CASError) {
    self.file = file
    self.context = context
    let start = try mappingErrno(context, try file.beginning(limit: 512))
    let compression = LayerCompression(of: start)
    guard compression != .plain else {
      decoded = nil
      do throws(ArchiveError) {
        members = try ArchiveMembers(reading: PlainArchive(file, size: identity.size))
      } catch {
        throw error.during(context)
      }
      return
    }
    let cache = cache()
    let scan = try ArchiveScan(file, identity, compression, system, context)
    let index: LayerIndex
    if let known = cache?.index(of: scan.key), let table = Self.members(of: known) {
      (index, members) = (known, table)
    } else {
      do throws(CASError) {
        index = try scan.scan(context.cancellation)
      } catch {
        throw error.during(context)
      }
      cache?.store(index)
      guard let table = Self.members(of: index) else {
        throw CASError(.invalid, context, cause: "malformed archive index")
      }
      members = table
    }
    decoded = LayerContent(index, scan, cache, PieceCache())
  }

  private static func members(of index: LayerIndex) -> ArchiveMembers? {
    guard let table = try? index.entries() else { return nil }
    return try? ArchiveMembers(parsing: table)
  }

  /// The content of a file in the archive, as the archive has it now.
  ///
  /// - Throws: `ArchiveError.invalid` with the name if it is longer than a limit in bytes.
  func bytes(of file: ArchiveFile, _ name: [UInt8], limit: Int) throws(ArchiveError) -> [UInt8] {
    guard file.size <= Int64(limit) else { throw .invalid(name, "more than \(limit) bytes") }
    return try bytes(in: file.content)
  }

  private func bytes(in range: Range<Int64>) throws(ArchiveError) -> [UInt8] {
    let length = Int(range.upperBound - range.lowerBound)
    if let document = members.documents[range.lowerBound], document.count == length { return document }
    guard let decoded else { return try file.bytes(in: range) }
    var bytes = [UInt8](repeating: 0, count: length)
    let count: Int
    do throws(CASError) {
      var span = bytes.mutableSpan
      count = try decoded.read(into: &span, at: range.lowerBound, cancellation: context.cancellation)
    } catch {
      throw .failed(error)
    }
    guard count == bytes.count else { throw .invalid(nil, "the archive ends early") }
    return bytes
  }

  /// How the content of a file is compressed.
  func compression(of file: ArchiveFile) throws(ArchiveError) -> LayerCompression {
    if let scan = file.scan { return scan.compression }
    let end = file.content.lowerBound + min(file.size, 512)
    return LayerCompression(of: try bytes(in: file.content.lowerBound..<end))
  }

  /// The digest of a file by SHA-256, computed now if it is not known.
  func digest(of file: ArchiveFile) throws(ArchiveError) -> Digest {
    if let digest = file.scan?.digest, digest.algorithm == .sha256 { return digest }
    do throws(CASError) {
      guard let decoded else {
        return try ContentHash.digest(
          of: self.file, from: file.content.lowerBound, size: file.size, .sha256, context)
      }
      return try DecodedBlobReader.digest(of: decoded, file.content, .sha256, context)
    } catch {
      throw .failed(error)
    }
  }
}

/// A reader of a blob in an archive that is compressed as a whole. Each piece of what it reads was compared with its digest.
final class DecodedBlobReader: BlobReader {
  let digest: Digest
  let size: Int64
  private let start: Int64
  private let content: LayerContent

  init(_ digest: Digest, _ content: LayerContent, _ region: Range<Int64>) {
    self.digest = digest
    self.content = content
    start = region.lowerBound
    size = region.upperBound - region.lowerBound
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    let context = OperationContext("read blob", on: digest)
    guard offset >= 0 else { throw CASError(.invalid, context, cause: "negative offset: \(offset)") }
    let wanted = Int(min(Int64(buffer.count), max(size - offset, 0)))
    if wanted == 0 { return 0 }
    var part = buffer._mutatingExtracting(first: wanted)
    let count: Int
    do throws(CASError) {
      count = try content.read(into: &part, at: start + offset, cancellation: .none)
    } catch {
      // Malformed content was well formed when the archive was opened.
      guard error.code == .invalid else { throw error.during(context) }
      throw CASError(.io(.ioError), context, cause: "the archive was changed or is damaged: \(error.cause)")
    }
    guard count == wanted else { throw CASError(.io(.ioError), context, cause: "the archive ends early") }
    return count
  }

  /// Hashes a region of decoded content.
  static func digest(
    of content: LayerContent, _ region: Range<Int64>, _ algorithm: Digest.Algorithm, _ context: OperationContext
  ) throws(CASError) -> Digest {
    let hash = PipelinedHasher(algorithm)
    var chunk = [UInt8](repeating: 0, count: 256 << 10)
    var position = region.lowerBound
    while position < region.upperBound {
      let wanted = Int(min(Int64(chunk.count), region.upperBound - position))
      let count = try fill(&chunk, wanted, from: content, at: position, context.cancellation)
      guard count > 0 else { throw CASError(.io(.ioError), context, cause: "the archive ends early") }
      hash.append(chunk.span.extracting(first: count))
      position += Int64(count)
    }
    guard let digest = hash.finish() else {
      throw CASError(.invalid, context, cause: "the hash function returned no digest")
    }
    return digest
  }

  private static func fill(
    _ chunk: inout [UInt8], _ count: Int, from content: LayerContent, at offset: Int64,
    _ cancellation: CancellationToken
  ) throws(CASError) -> Int {
    var span = chunk.mutableSpan
    var part = span._mutatingExtracting(first: count)
    return try content.read(into: &part, at: offset, cancellation: cancellation)
  }
}
