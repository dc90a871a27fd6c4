import CAS
import CASImage
import CASPlatform
import OCI

/// A blob of an archive.
struct ArchiveBlob: Sendable {
  /// The place of the content, and the digest that it had when it was read.
  var file: ArchiveFile
  /// The content, if it is in memory: a manifest that no member has, or a short document of a compressed archive.
  var bytes: [UInt8]?

  var size: Int64 { file.size }
}

/// An archive that was validated: its blobs, and its index.
final class Archive: Sendable {
  /// The longest `oci-layout` that is read, in bytes.
  private static let layoutFileSizeLimit = 64 << 10

  let file: OpenFile
  /// The decoded content of a compressed file; `nil` if the file is the archive itself.
  let decoded: LayerContent?
  let blobs: [Digest: ArchiveBlob]
  let index: ImageIndex
  /// Names that several members have; the last one counts, as for tar(1).
  let duplicates: Set<[UInt8]>
  /// Whether the archive ends without the end-of-archive marker.
  let lacksEndMarker: Bool

  /// Reads the index of an image layout, or makes that of an archive of `docker save`.
  ///
  /// - Throws: `CASError.Code.invalid` with the name of the malformed member; `CASError.Code.io(_:)`.
  init(_ content: ArchiveContent, _ format: ArchiveFormat) throws(CASError) {
    file = content.file
    decoded = content.decoded
    let members = content.members
    duplicates = members.duplicates
    lacksEndMarker = members.lacksEndMarker
    do throws(ArchiveError) {
      switch format {
      case .imageLayout:
        try Self.parse(ImageLayout.fileName, of: content, Self.layoutFileSizeLimit) {
          (content) throws(InvalidValue) in try ImageLayout.validate(content)
        }
        index = try Self.parse(ImageIndex.fileName, of: content, ImageIndex.maximumSize) {
          (content) throws(InvalidValue) in try ImageIndex(parsing: content)
        }
        blobs = members.blobs.mapValues { ArchiveBlob(file: $0, bytes: members.documents[$0.content.lowerBound]) }
      case .docker:
        let images = try DockerArchive(content)
        index = images.index
        blobs = images.blobs
      }
    } catch {
      throw error.during(content.context)
    }
  }

  /// Whether a blob is a region of the file; it is not if it is in memory, or the file is compressed.
  func hasInFile(_ blob: ArchiveBlob) -> Bool { decoded == nil && blob.bytes == nil }

  /// Reads and parses one of the files of the layout.
  private static func parse<Value>(
    _ name: String, of content: ArchiveContent, _ limit: Int, _ body: ([UInt8]) throws(InvalidValue) -> Value
  ) throws(ArchiveError) -> Value {
    let key = Array(name.utf8)
    guard let member = content.members.others[key] else {
      let hint = content.members.lacksEndMarker ? "; the archive may be truncated: it has no end marker" : ""
      throw .invalid(key, absence(of: name, in: content.members) + hint)
    }
    guard case .file(let file) = member else { throw .invalid(key, ArchiveMembers.notAFile) }
    let bytes = try content.bytes(of: file, key, limit: limit)
    do throws(InvalidValue) {
      return try body(bytes)
    } catch {
      throw .invalid(key, error.reason)
    }
  }

  /// The reason for a missing file of the layout, with a hint if the archive was made of the wrong directory.
  private static func absence(of name: String, in members: ArchiveMembers) -> String {
    if members.others[DockerArchive.manifestName] != nil {
      return "not found; docker save made the archive, which is docker-archive:FILE"
    }
    let end = Array("/\(name)".utf8)
    if let nested = members.others.keys.first(where: { $0.suffix(end.count).elementsEqual(end) }) {
      let directory = ArchiveError.text(nested.dropLast(end.count))
      return "not found; the layout is in \(directory), not at the top (use tar -C \(directory) -c .)"
    }
    if members.others.keys.contains(where: { $0.starts(with: "refs/".utf8) }) {
      return "not found, and archives with references in refs/ are not supported"
    }
    return "not found"
  }
}
