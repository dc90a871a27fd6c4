import CASPlatform
import OCI
import SystemPackage

/// A file name, compared by its bytes; `String` compares by canonical equivalence.
struct FileName: Hashable, Sendable {
  static let maximumLength = PathLimits.name
  let text: String

  init(_ text: String) {
    self.text = text
  }

  /// Checks that a text can be a file name.
  ///
  /// - Throws: ENAMETOOLONG past 255 bytes; EINVAL for an empty name, `.`, `..` or a name with `/`, which the kernel
  ///   does not send.
  static func check(_ name: String) throws(Errno) {
    guard NameText.length(of: name) <= maximumLength else { throw .fileNameTooLong }
    let bytes = name.utf8
    guard !bytes.isEmpty, !bytes.contains(UInt8(ascii: "/")), !bytes.elementsEqual(".".utf8),
      !bytes.elementsEqual("..".utf8)
    else { throw .invalidArgument }
  }

  static func == (left: FileName, right: FileName) -> Bool { left.text.sameBytes(as: right.text) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}
