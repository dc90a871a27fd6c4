import CASPlatform
import OCI
import SystemPackage

/// A file name, compared by its bytes.
struct FileName: Hashable, Sendable {
  static let maximumLength = PathLimits.name
  let text: String

  init(_ text: String) {
    self.text = text
  }

  /// Refuses what cannot be the name of a file: the kernel asks for no such.
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
