import CASImage
package import CASPlatform
package import SystemPackage

/// The state of a tree that a program leaves to the next one of its process: open files, content that is being written,
/// and what tools were told. The files stay open, under their numbers.
package struct Handover: Sendable {
  /// The version of the form. A program takes no other one.
  package static let version: UInt32 = 2
  private static let signature = Array("casfs ho".utf8)
  private static let hashSize = 32

  /// The state.
  package let content: [UInt8]
  /// The files that it refers to, by their positions.
  package let files: [OpenFile]

  package init(content: [UInt8], files: [OpenFile]) {
    (self.content, self.files) = (content, files)
  }

  /// The bytes for the next program, which a digest protects.
  package var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.add(UInt64(Self.version))
    writer.add(UInt64(files.count))
    for file in files { writer.add(UInt64(file.rawValue)) }
    writer.add(content)
    return Self.signature + Self.hash(of: writer.bytes[...]) + writer.bytes
  }

  /// Reads what the program before has left.
  ///
  /// - Parameter adopt: takes an open descriptor over.
  /// - Throws: EBADMSG if it is not whole, or of another version.
  package init(decoding bytes: [UInt8], adopting adopt: (Int32) -> OpenFile) throws(Errno) {
    let start = Self.signature.count + Self.hashSize
    guard bytes.count > start, bytes.starts(with: Self.signature),
      bytes[Self.signature.count..<start].elementsEqual(Self.hash(of: bytes[start...]))
    else { throw .badMessage }
    var reader = HandoverReader(Array(bytes[start...]), files: [])
    guard try reader.number(UInt32.self) == Self.version else { throw .badMessage }
    let numbers = try reader.list { (reader) throws(Errno) in try reader.number(Int32.self) }
    content = try reader.bytes()
    guard reader.isAtEnd else { throw .badMessage }
    files = numbers.map(adopt)
  }

  private static func hash(of bytes: ArraySlice<UInt8>) -> [UInt8] {
    var hash = SHA2.sha256()
    hash.update(bytes.span)
    return hash.result()
  }
}
