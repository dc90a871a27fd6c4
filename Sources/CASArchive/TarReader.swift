import CASPlatform
import OCI

/// One member of an archive.
struct TarMember {
  enum Kind {
    case file
    case directory
    /// A hard link to the member of this name.
    case hardLink([UInt8])
    /// A symbolic link with this target.
    case symbolicLink([UInt8])
    /// A device or FIFO.
    case other
  }

  var name: [UInt8]
  var kind: Kind
  /// The region of the archive, in bytes.
  var content: Range<Int64>
  var modified: Timestamp
}

/// Iterates over the headers of a tar archive, and leaves the contents to its source: POSIX.1-2001, `pax(1)`, and GNU tar's
/// format.
struct TarReader {
  private static let blockSize: Int64 = 512
  /// The largest offset of a file: `loff_t`, less the padding of a member.
  private static let largestSize = Int64.max - 1024
  /// The longest extended header that is read, in bytes.
  private static let extendedHeaderSizeLimit: Int64 = 1 << 20
  /// The longest member name, in bytes.
  private static let nameLengthLimit = 4096
  /// The reason of an error.
  static let endsEarly = "the archive is truncated within this member"

  private let source: any ArchiveSource
  private var position: Int64 = 0
  /// The first block, which the source read already.
  private let first: [UInt8]
  /// Whether the archive ends at the end of a member, without the marker.
  private(set) var lacksEndMarker = false
  /// Records of global extended headers, which apply to all following members.
  private var globalRecords = PaxRecords()

  /// Begins at the start of the file.
  ///
  /// - Throws: `ArchiveError.invalid` if the archive is empty, compressed, or does not begin with a header.
  init(_ source: any ArchiveSource) throws(ArchiveError) {
    self.source = source
    first = try source.bytes(in: 0..<Self.blockSize)
    if first.isEmpty { throw .invalid(nil, "the file is empty") }
    if let compression = Compression(of: first) {
      throw .invalid(nil, "compressed archive; decompress it first: \(compression.command) <FILE >FILE.tar")
    }
    guard first.count == Self.blockSize, TarHeader(first) != nil || first.allSatisfy({ $0 == 0 }) else {
      throw .invalid(nil, "not a tar archive")
    }
  }

  /// The next member; `nil` at the end-of-archive marker, a block of zeros, or at the end of the file after a member.
  mutating func next() throws(ArchiveError) -> TarMember? {
    var own = PaxRecords()
    var extended: [UInt8]?
    while let header = try nextHeader() {
      extended = header.name
      switch header.type {
      case UInt8(ascii: "x"), UInt8(ascii: "X"): try own.add(try extendedHeader(header), of: header.name)
      case UInt8(ascii: "g"): try globalRecords.add(try extendedHeader(header), of: header.name)
      case UInt8(ascii: "L"): own.path = Array(try extendedHeader(header).prefix { $0 != 0 })
      case UInt8(ascii: "K"): own.linkPath = Array(try extendedHeader(header).prefix { $0 != 0 })
      default: return try member(header, own)
      }
    }
    if lacksEndMarker, let extended {
      throw .invalid(extended, "truncated archive: the member of this header is missing")
    }
    return nil
  }

  private mutating func member(_ header: TarHeader, _ records: PaxRecords) throws(ArchiveError) -> TarMember {
    let name = records.path ?? globalRecords.path ?? header.name
    guard name.count <= Self.nameLengthLimit else {
      throw .invalid(Array(name.prefix(100)), "the member name exceeds \(Self.nameLengthLimit) bytes")
    }
    guard header.type != UInt8(ascii: "S"), !records.isSparse, !globalRecords.isSparse else {
      throw .invalid(name, "sparse member; make the archive without --sparse")
    }
    let kind: TarMember.Kind
    switch header.type {
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): kind = name.last == UInt8(ascii: "/") ? .directory : .file
    case UInt8(ascii: "1"): kind = .hardLink(records.linkPath ?? header.linkName)
    case UInt8(ascii: "2"): kind = .symbolicLink(records.linkPath ?? header.linkName)
    case UInt8(ascii: "5"): kind = .directory
    default: kind = .other
    }
    // Links, devices, directories and FIFOs have no content, even if the size in the header is not zero.
    let hasContent = !(UInt8(ascii: "1")...UInt8(ascii: "6") ~= header.type)
    let content = try content(of: hasContent ? records.size ?? globalRecords.size ?? header.size : 0, name)
    return TarMember(
      name: name, kind: kind, content: content, modified: Timestamp(seconds: header.modified, nanoseconds: 0))
  }

  /// Reads the content of the member that was returned last, if the source does.
  func scan(_ file: TarMember, _ algorithm: Digest.Algorithm) throws(ArchiveError) -> MemberScan? {
    try source.scan(file, algorithm)
  }

  private mutating func nextHeader() throws(ArchiveError) -> TarHeader? {
    let block = position == 0 ? first : try source.bytes(in: position..<position + Self.blockSize)
    if block.isEmpty, position == source.size {
      lacksEndMarker = true
      return nil
    }
    guard block.count == Self.blockSize else {
      throw .invalid(nil, "truncated archive: it ends within a block of 512 bytes")
    }
    guard let header = TarHeader(block) else {
      guard block.allSatisfy({ $0 == 0 }) else {
        throw .invalid(nil, "damaged archive: no member header at byte \(position)")
      }
      return nil
    }
    position += Self.blockSize
    return header
  }

  /// Skips content of the given length, and the padding after it.
  private mutating func content(of length: Int64, _ name: [UInt8]) throws(ArchiveError) -> Range<Int64> {
    // A length beyond every file is one that no decoded content has either.
    guard length <= (source.size ?? Self.largestSize) - position else { throw .invalid(name, Self.endsEarly) }
    let range = position..<position + length
    position = range.upperBound + (Self.blockSize - length % Self.blockSize) % Self.blockSize
    return range
  }

  private mutating func extendedHeader(_ header: TarHeader) throws(ArchiveError) -> [UInt8] {
    guard header.size <= Self.extendedHeaderSizeLimit else {
      throw .invalid(header.name, "the extended header exceeds \(Self.extendedHeaderSizeLimit) bytes")
    }
    let range = try content(of: header.size, header.name)
    let bytes = try source.bytes(in: range)
    guard Int64(bytes.count) == range.upperBound - range.lowerBound else { throw .invalid(header.name, Self.endsEarly) }
    return bytes
  }
}
