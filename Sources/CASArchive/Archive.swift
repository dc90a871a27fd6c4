import CAS
import CASPlatform
import OCI
import SystemPackage

/// The place of a blob in an archive.
struct ArchiveBlob {
  /// The region of the archive's file, in bytes.
  var content: Range<Int64>
  var modified: Timestamp

  var size: Int64 { content.upperBound - content.lowerBound }
}

/// An archive that was validated as an image layout: the places of its blobs, and its index.
final class Archive: Sendable {
  /// The longest `oci-layout` that is read, in bytes.
  private static let layoutFileSizeLimit = 64 << 10
  /// The limit on members besides blobs, whose names are kept in memory while the headers are read.
  private static let otherMemberLimit = 1_000_000

  let file: OpenFile
  let blobs: [Digest: ArchiveBlob]
  let index: ImageIndex
  /// Names that several members have; the last one counts, as for tar(1).
  let duplicates: Set<[UInt8]>
  /// Whether the archive ends without the end-of-archive marker.
  let lacksEndMarker: Bool

  /// Reads all headers of an archive, and its `oci-layout` and `index.json`.
  ///
  /// - Throws: `CASError.Code.invalid` with the name of the malformed member; `CASError.Code.io(_:)`.
  init(indexing file: OpenFile, size: Int64, _ context: OperationContext) throws(CASError) {
    self.file = file
    do throws(ArchiveError) {
      var reader = try TarReader(file, size: size)
      var blobs: [Digest: ArchiveBlob] = [:]
      var otherMembers: [[UInt8]: TarMember] = [:]
      var duplicates: Set<[UInt8]> = []
      while let header = try reader.next() {
        let name = try Self.plainName(header.name)
        var member = header
        if case .hardLink(let target) = header.kind {
          member = Self.resolved(header, linkedTo: target, blobs, otherMembers)
        }
        if case .directory = member.kind { continue }
        if let digest = Self.digest(of: name) {
          guard case .file = member.kind else { throw .invalid(name, Self.notAFile) }
          let blob = ArchiveBlob(content: member.content, modified: member.modified)
          if blobs.updateValue(blob, forKey: digest) != nil { duplicates.insert(name) }
        } else {
          if otherMembers.updateValue(member, forKey: name) != nil { duplicates.insert(name) }
          guard otherMembers.count <= Self.otherMemberLimit else {
            throw .invalid(nil, "more than \(Self.otherMemberLimit) members besides blobs")
          }
        }
      }
      lacksEndMarker = reader.lacksEndMarker
      self.duplicates = duplicates
      try Self.parse(ImageLayout.fileName, in: otherMembers, file, lacksEndMarker, Self.layoutFileSizeLimit) {
        (content) throws(InvalidValue) in try ImageLayout.validate(content)
      }
      index = try Self.parse(ImageIndex.fileName, in: otherMembers, file, lacksEndMarker, ImageIndex.maximumSize) {
        (content) throws(InvalidValue) in try ImageIndex(parsing: content)
      }
      self.blobs = blobs
    } catch {
      throw error.during(context)
    }
  }

  private static let notAFile =
    "not a regular file, nor a hard link to one (links: use tar --dereference --hard-dereference)"

  /// A hard link as the file that its target is. A target that is not an earlier file leaves it a link.
  private static func resolved(
    _ link: TarMember, linkedTo target: [UInt8], _ blobs: [Digest: ArchiveBlob], _ others: [[UInt8]: TarMember]
  ) -> TarMember {
    var member = link
    guard let name = try? plainName(target) else { return member }
    if let blob = digest(of: name).flatMap({ blobs[$0] }) {
      (member.kind, member.content) = (.file, blob.content)
    } else if let other = others[name], case .file = other.kind {
      (member.kind, member.content) = (.file, other.content)
    }
    return member
  }

  /// A member's name without components `.` and empty ones.
  ///
  /// - Throws: `ArchiveError.invalid` if the name leads out of the archive.
  private static func plainName(_ name: [UInt8]) throws(ArchiveError) -> [UInt8] {
    let slash = UInt8(ascii: "/")
    guard name.first != slash else { throw .invalid(name, "the member name is an absolute path") }
    var plain: [UInt8] = []
    for component in name.split(separator: slash) where !component.elementsEqual(".".utf8) {
      guard !component.elementsEqual("..".utf8) else {
        throw .invalid(name, "the member name has the component '..'")
      }
      if !plain.isEmpty { plain.append(slash) }
      plain += component
    }
    return plain
  }

  /// The digest in a name `blobs/ALGORITHM/HEX`; `nil` for other names.
  private static func digest(of name: [UInt8]) -> Digest? {
    for algorithm in Digest.Algorithm.allCases {
      let directory = "blobs/\(algorithm.rawValue)/"
      if name.starts(with: directory.utf8) {
        return Digest(algorithm, hex: String(decoding: name[directory.utf8.count...], as: UTF8.self))
      }
    }
    return nil
  }

  /// Reads and parses one of the files of the layout.
  private static func parse<Value>(
    _ name: String, in members: [[UInt8]: TarMember], _ file: OpenFile, _ lacksEndMarker: Bool, _ limit: Int,
    _ body: ([UInt8]) throws(InvalidValue) -> Value
  ) throws(ArchiveError) -> Value {
    let key = Array(name.utf8)
    guard let member = members[key] else {
      let hint = lacksEndMarker ? "; the archive may be truncated: it has no end marker" : ""
      throw .invalid(key, absence(of: name, in: members) + hint)
    }
    guard case .file = member.kind else { throw .invalid(key, notAFile) }
    guard member.content.upperBound - member.content.lowerBound <= Int64(limit) else {
      throw .invalid(key, "more than \(limit) bytes")
    }
    let content = try file.bytes(in: member.content)
    do throws(InvalidValue) {
      return try body(content)
    } catch {
      throw .invalid(key, error.reason)
    }
  }

  /// The reason for a missing file of the layout, with a hint if the archive was made of the wrong directory.
  private static func absence(of name: String, in members: [[UInt8]: TarMember]) -> String {
    let end = Array("/\(name)".utf8)
    if let nested = members.keys.first(where: { $0.suffix(end.count).elementsEqual(end) }) {
      let directory = String(decoding: nested.dropLast(end.count), as: UTF8.self)
      return "not found; the layout is in \(directory), not at the top (use tar -C \(directory) -c .)"
    }
    if members.keys.contains(where: { $0.starts(with: "refs/".utf8) }) {
      return "not found, and archives with references in refs/ are not supported"
    }
    return "not found"
  }
}
