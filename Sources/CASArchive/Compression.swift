/// The format of a compressed file that is not decoded here, detected by its magic number, so that an error can name the
/// command for it.
enum Compression {
  case xz
  case bzip2
  case lz4

  /// Detects the format.
  ///
  /// - Parameter start: the first bytes of the file, up to 512. If they are a valid tar header, the file is not
  ///   compressed, even if the name of its first member looks like a magic number.
  init?(of start: [UInt8]) {
    let magicNumbers: [(Compression, [UInt8])] = [
      (.xz, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]), (.bzip2, Array("BZh".utf8)), (.lz4, [0x04, 0x22, 0x4D, 0x18]),
    ]
    guard let (kind, _) = magicNumbers.first(where: { start.starts(with: $0.1) }), TarHeader(start) == nil else {
      return nil
    }
    self = kind
  }

  /// The command that decompresses standard input to standard output.
  var command: String {
    switch self {
    case .xz: "xz -dc"
    case .bzip2: "bzip2 -dc"
    case .lz4: "lz4 -dc"
    }
  }
}
