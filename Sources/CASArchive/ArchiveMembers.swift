import CASPlatform
import OCI

/// The content of a file in an archive.
struct ArchiveFile: Hashable, Sendable {
  /// The region of the archive, in bytes.
  var content: Range<Int64>
  var modified: Timestamp
  /// `nil` if the content was not read yet.
  var scan: MemberScan?

  var size: Int64 { content.upperBound - content.lowerBound }
}

/// The members of an archive that is an image layout, or of one of `docker save`, by their names.
///
/// The last member of a name counts, and a hard link is the file of an earlier member, as for tar(1).
struct ArchiveMembers: Hashable, Sendable {
  /// A member besides blobs.
  enum Member: Hashable, Sendable {
    case file(ArchiveFile)
    /// A symbolic link with this target.
    case symbolicLink([UInt8])
    /// A device or FIFO, or a link to nothing before it.
    case other
  }

  /// The limit on members besides blobs, whose names are kept in memory.
  private static let otherMemberLimit = 1_000_000
  static let notAFile = "not a regular file, nor a hard link to one (links: use tar --dereference --hard-dereference)"

  /// The files `blobs/ALGORITHM/HEX`.
  var blobs: [Digest: ArchiveFile] = [:]
  /// The other members, but directories.
  var others: [[UInt8]: Member] = [:]
  /// Names that several members have.
  var duplicates: Set<[UInt8]> = []
  /// Whether the archive ends without the end-of-archive marker.
  var lacksEndMarker = false
  /// The content of short documents, by their offsets in a compressed archive.
  var documents: [Int64: [UInt8]] = [:]

  init() {}

  /// Reads all headers of an archive.
  ///
  /// - Throws: `ArchiveError.invalid` with the name of the malformed member.
  init(reading source: some ArchiveSource) throws(ArchiveError) {
    var reader = try TarReader(source)
    while let header = try reader.next() {
      let name = try Self.plainName(header.name)
      var member: Member
      switch header.kind {
      case .directory: continue
      case .file: member = .file(ArchiveFile(content: header.content, modified: header.modified, scan: nil))
      case .hardLink(let target): member = resolved(target, modified: header.modified)
      case .symbolicLink(let target): member = .symbolicLink(target)
      case .other: member = .other
      }
      let digest = Self.digest(of: name)
      if case .file = header.kind, case .file(var file) = member {
        file.scan = try reader.scan(header, digest?.algorithm ?? .sha256)
        member = .file(file)
      }
      if let digest {
        guard case .file(let file) = member else { throw .invalid(name, Self.notAFile) }
        if blobs.updateValue(file, forKey: digest) != nil { duplicates.insert(name) }
      } else {
        if others.updateValue(member, forKey: name) != nil { duplicates.insert(name) }
        guard others.count <= Self.otherMemberLimit else {
          throw .invalid(nil, "more than \(Self.otherMemberLimit) members besides blobs")
        }
      }
    }
    lacksEndMarker = reader.lacksEndMarker
  }

  /// The member of a name; `nil` if there is none.
  subscript(name: [UInt8]) -> Member? {
    if let digest = Self.digest(of: name) { return blobs[digest].map(Member.file) }
    return others[name]
  }

  /// A hard link as the file that its target is. A target that is not an earlier file makes it a link to nothing.
  private func resolved(_ target: [UInt8], modified: Timestamp) -> Member {
    guard let name = try? Self.plainName(target), case .file(var file) = self[name] else { return .other }
    file.modified = modified
    // The digest of a blob can be of another algorithm than the link's name wants.
    return .file(file)
  }

  /// A name without components `.` and empty ones.
  ///
  /// - Throws: `ArchiveError.invalid` if the name leads out of the archive.
  static func plainName(_ name: [UInt8]) throws(ArchiveError) -> [UInt8] {
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
  static func digest(of name: [UInt8]) -> Digest? {
    for algorithm in Digest.Algorithm.allCases {
      let directory = "blobs/\(algorithm.rawValue)/"
      if name.starts(with: directory.utf8) {
        return Digest(algorithm, hex: String(decoding: name[directory.utf8.count...], as: UTF8.self))
      }
    }
    return nil
  }
}
