import CASCompression
import CASPlatform

/// Makes an entry of a header block and the extended headers before it.
struct EntryBuilder {
  /// The longest value of an extended attribute, in bytes: `XATTR_SIZE_MAX`.
  private static let attributeValueLimit = 65_536
  /// The latest time that containerd sets, in seconds: larger ones become 0.
  private static let latestTime: Int64 = 9_223_372_036

  private(set) var entry: LayerEntry
  /// The length of the data after the header, in bytes.
  private(set) var dataSize: Int64
  /// Whether the data begins with the map of a sparse file.
  private(set) var hasSparseMap = false

  init(
    _ header: TarHeader, _ records: PaxRecords, longName: [UInt8], longLink: [UInt8]
  ) throws(DecodingError) {
    var name = records["path"] ?? header.name
    let size = try records.integer("size") ?? header.size
    if let sparse = records["GNU.sparse.name"], Self.isSparse(records) { name = sparse }
    if !longName.isEmpty { name = longName }
    let kind = try Self.kind(header.type, name)
    let hasData = kind == .file
    dataSize = hasData ? size : 0
    guard dataSize >= 0 else { throw DecodingError("malformed tar: negative size") }
    var link: [UInt8] = []
    if kind == nil || kind == .symbolicLink {
      link = longLink.isEmpty ? records["linkpath"] ?? header.linkName : longLink
      if kind == nil { link = try LayerPath.clean(link) }
      guard kind == nil || 1...PathLimits.path ~= link.count else {
        throw DecodingError("symbolic link of \(link.count) bytes")
      }
    }
    let time = try records.time("mtime") ?? Timestamp(seconds: header.modified, nanoseconds: 0)
    for key in ["atime", "ctime"] { _ = try records.time(key) }
    entry = LayerEntry(
      kind: kind, path: try LayerPath.clean(name), link: link,
      mode: kind == .symbolicLink ? 0o777 : UInt16(truncatingIfNeeded: header.mode) & 0o7777,
      user: Self.owner(try records.integer("uid") ?? header.user),
      group: Self.owner(try records.integer("gid") ?? header.group),
      modified: 0...Self.latestTime ~= time.seconds ? time : Timestamp(seconds: 0, nanoseconds: 0))
    entry.size = dataSize
    if kind == .characterDevice || kind == .blockDevice {
      entry.deviceMajor = UInt32(truncatingIfNeeded: header.deviceMajor)
      entry.deviceMinor = UInt32(truncatingIfNeeded: header.deviceMinor)
    }
    entry.attributes = try Self.attributes(records.attributes, kind)
    if hasData { try readSparse(records) }
  }

  /// The type of an entry; `nil` is a hard link.
  private static func kind(_ type: UInt8, _ name: [UInt8]) throws(DecodingError) -> FileKind? {
    switch type {
    case 0: return name.last == UInt8(ascii: "/") ? .directory : .file
    case UInt8(ascii: "0"): return .file
    case UInt8(ascii: "1"): return nil
    case UInt8(ascii: "2"): return .symbolicLink
    case UInt8(ascii: "3"): return .characterDevice
    case UInt8(ascii: "4"): return .blockDevice
    case UInt8(ascii: "5"): return .directory
    case UInt8(ascii: "6"): return .fifo
    default:
      throw DecodingError("unsupported type of tar entry: \(Character(UnicodeScalar(type)).debugDescription)")
    }
  }

  /// The low 32 bits of an id; -1 is 0, as chown(2) changes nothing then.
  private static func owner(_ id: Int64) -> UInt32 {
    let id = UInt32(truncatingIfNeeded: id)
    return id == .max ? 0 : id
  }

  /// The extended attributes that Linux and containerd accept of an entry, without those that casfs shows itself.
  private static func attributes(
    _ attributes: [ExtendedAttribute], _ kind: FileKind?
  ) throws(DecodingError) -> [ExtendedAttribute] {
    var accepted: [ExtendedAttribute] = []
    for attribute in attributes {
      let name = attribute.name
      if name.starts(with: "user.casfs.".utf8) { continue }
      let isUser = name.starts(with: "user.".utf8)
      let isKnown =
        isUser || name.starts(with: "security.".utf8)
        || (name.starts(with: "system.posix_acl_".utf8) && kind != .symbolicLink)
      guard isKnown, !isUser || kind == .file || kind == .directory || kind == nil else { continue }
      guard name.count <= PathLimits.name, attribute.value.count <= attributeValueLimit else {
        throw DecodingError("extended attribute longer than Linux has")
      }
      guard StoredAttribute.isValid(attribute, of: kind) else { continue }
      accepted.append(attribute)
    }
    return accepted
  }

  private static func version(_ records: PaxRecords, _ key: String) -> String {
    String(decoding: records["GNU.sparse.\(key)"] ?? [], as: UTF8.self)
  }

  /// Whether the records are of a sparse format that is known: 0.0, 0.1 or 1.0.
  private static func isSparse(_ records: PaxRecords) -> Bool {
    switch (version(records, "major"), version(records, "minor")) {
    case ("0", "0"), ("0", "1"), ("1", "0"): true
    case ("", ""): records["GNU.sparse.map"] != nil
    default: false
    }
  }

  private mutating func readSparse(_ records: PaxRecords) throws(DecodingError) {
    guard Self.isSparse(records) else { return }
    let realSize = try records.integer("GNU.sparse.realsize")
    entry.size = try records.integer("GNU.sparse.size") ?? realSize ?? dataSize
    guard entry.size >= 0 else { throw DecodingError("malformed tar: negative size") }
    if Self.version(records, "major") == "1" {
      hasSparseMap = true
      return
    }
    var numbers: [Int64] = []
    for text in records["GNU.sparse.map"]?.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) ?? [] {
      guard let number = PaxRecords.integer(Array(text)) else { throw PaxRecords.malformed }
      numbers.append(number)
    }
    let count = try records.integer("GNU.sparse.numblocks")
    guard count == Int64(numbers.count / 2) else { throw PaxRecords.malformed }
    let pieces = try SparsePiece.list(numbers, size: entry.size)
    try Self.check(pieces, dataSize: dataSize)
    entry.pieces = pieces
  }

  /// Checks that the data of a sparse file is as long as its pieces together.
  static func check(_ pieces: [SparsePiece]?, dataSize: Int64) throws(DecodingError) {
    var total: Int64 = 0
    for piece in pieces ?? [] { total += piece.length }
    guard total == dataSize else { throw DecodingError("malformed tar: map of a sparse file") }
  }
}
