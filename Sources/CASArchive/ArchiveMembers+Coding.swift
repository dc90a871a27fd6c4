import CASCompression
import CASImage
import CASPlatform
import OCI

/// The members of a compressed archive as the table of its index.
extension ArchiveMembers {
  /// The bytes of the table, the same each time.
  var serialized: [UInt8] {
    var writer = ByteWriter()
    writer.add(UInt64(lacksEndMarker ? 1 : 0))
    writer.add(UInt64(blobs.count))
    for (digest, file) in blobs.sorted(by: { $0.key < $1.key }) {
      writer.add(digest.description.utf8)
      Self.add(file, to: &writer)
    }
    writer.add(UInt64(others.count))
    for (name, member) in others.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      writer.add(name)
      switch member {
      case .file(let file):
        writer.add(UInt64(0))
        Self.add(file, to: &writer)
      case .symbolicLink(let target):
        writer.add(UInt64(1))
        writer.add(target)
      case .other: writer.add(UInt64(2))
      }
    }
    writer.add(UInt64(duplicates.count))
    for name in duplicates.sorted(by: { $0.lexicographicallyPrecedes($1) }) { writer.add(name) }
    writer.add(UInt64(documents.count))
    for (offset, document) in documents.sorted(by: { $0.key < $1.key }) {
      writer.add(offset)
      writer.add(document)
    }
    return writer.bytes
  }

  private static func add(_ file: ArchiveFile, to writer: inout ByteWriter) {
    writer.add(file.content.lowerBound)
    writer.add(file.size)
    writer.add(file.modified.seconds)
    writer.add(file.scan.map(\.digest.description)?.utf8 ?? "".utf8)
    writer.add(UInt64(file.scan?.compression.rawValue ?? 0))
  }

  /// Reads the bytes of a table.
  ///
  /// - Throws: if they are not of one.
  init(parsing bytes: [UInt8]) throws(DecodingError) {
    var reader = ByteReader(bytes)
    lacksEndMarker = try reader.number(UInt8.self) == 1
    for _ in 0..<(try reader.number(UInt32.self)) {
      let digest = try Self.digest(&reader)
      guard let digest else { throw ByteReader.malformed }
      blobs[digest] = try Self.file(&reader)
    }
    for _ in 0..<(try reader.number(UInt32.self)) {
      let name = try reader.string()
      switch try reader.number(UInt8.self) {
      case 0: others[name] = .file(try Self.file(&reader))
      case 1: others[name] = .symbolicLink(try reader.string())
      default: others[name] = .other
      }
    }
    for _ in 0..<(try reader.number(UInt32.self)) { duplicates.insert(try reader.string()) }
    for _ in 0..<(try reader.number(UInt32.self)) {
      let offset = try reader.signed()
      documents[offset] = try reader.string()
    }
    guard reader.isAtEnd else { throw ByteReader.malformed }
  }

  private static func file(_ reader: inout ByteReader) throws(DecodingError) -> ArchiveFile {
    let start = try reader.signed()
    let size = try reader.signed()
    let modified = Timestamp(seconds: try reader.signed(), nanoseconds: 0)
    let digest = try Self.digest(&reader)
    let compression = LayerCompression(rawValue: try reader.number())
    guard start >= 0, size >= 0, size <= Int64.max - start, let compression else { throw ByteReader.malformed }
    return ArchiveFile(
      content: start..<start + size, modified: modified,
      scan: digest.map { MemberScan(digest: $0, compression: compression) })
  }

  private static func digest(_ reader: inout ByteReader) throws(DecodingError) -> Digest? {
    let text = try reader.string()
    if text.isEmpty { return nil }
    guard let digest = try? Digest(String(decoding: text, as: UTF8.self)) else { throw ByteReader.malformed }
    return digest
  }
}
