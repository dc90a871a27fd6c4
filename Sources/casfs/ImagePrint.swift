import ArgumentParser
import CAS
import CASImage
import StoreTree

/// `casfs image cat`: prints the content of a file in an image.
struct ImagePrint: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cat", abstract: "Print the content of a file in an image.",
    discussion: "Symbolic links in the path are followed within the image, also the last.")

  /// The largest number of symbolic links in the place of the file.
  private static let linkLimit = 40

  @OptionGroup var argument: ImageArgument

  @Argument(help: "The path of the file.")
  var path: String

  func run() throws {
    let engine = try argument.target.openReadOnly(argument.links)
    defer { engine.close() }
    let image = try argument.open(in: engine)
    let file = try file(in: image)
    var output = Output()
    try image.forEachChunk(of: file) { (chunk) throws(CASError) in try output.write(chunk) }
  }

  private func file(in image: Image) throws(CASError) -> ImageFile {
    var path = NameText.bytes(of: path)
    let subject = QuotedName.text(path)
    for _ in 0..<Self.linkLimit {
      guard let file = image.file(at: path) else {
        throw CASError(.notFound, operation: "print file", subject: subject, cause: "not found")
      }
      switch file.kind {
      case .file: return file
      case .symbolicLink where file.target.first == UInt8(ascii: "/"): path = file.target
      case .symbolicLink: path = Array(path[..<((path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)]) + file.target
      default: throw CASError(.invalid, operation: "print file", subject: subject, cause: "not a regular file")
      }
    }
    throw CASError(.invalid, operation: "print file", subject: subject, cause: "too many symbolic links")
  }
}
