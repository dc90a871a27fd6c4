import ArgumentParser
import CAS
import CASImage
import StoreTree

/// `casfs image ls`: lists the files in an image.
struct ImageList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the files in an image, as 'tar tv' does.")

  @OptionGroup var argument: ImageArgument

  @Argument(help: "The file or directory to list; without it, the root.")
  var path = "/"

  func run() throws {
    let engine = try argument.target.openReadOnly(argument.links)
    defer { engine.close() }
    let image = try argument.open(in: engine)
    let path = NameText.bytes(of: path)
    guard let file = image.file(at: path) else {
      throw CASError(.notFound, operation: "list image", subject: QuotedName.text(path), cause: "not found")
    }
    var output = Output()
    let slash = UInt8(ascii: "/")
    var waiting = [(Array(path.split(separator: slash).joined(separator: [slash])), file)]
    while let (path, file) = waiting.popLast() {
      try output.text(FileLine.text(of: file, path: path))
      for child in image.children(of: file).reversed() {
        waiting.append((path.isEmpty ? child.nameBytes : path + [slash] + child.nameBytes, child))
      }
    }
    try output.flush()
  }
}

/// A line about a file, in the form of `tar tv`.
enum FileLine {
  static func text(of file: ImageFile, path: [UInt8]) -> String {
    let name =
      switch file.kind {
      case .directory: (path.isEmpty ? "." : QuotedName.text(path)) + "/"
      case .symbolicLink: "\(QuotedName.text(ofLink: path)) -> \(QuotedName.text(file.target))"
      default: QuotedName.text(path)
      }
    let isDevice = file.kind == .characterDevice || file.kind == .blockDevice
    let size = isDevice ? "\(file.device.major),\(file.device.minor)" : "\(file.size)"
    return "\(mode(file)) \(file.user)/\(file.group) \(size) \(file.modified.text) \(name)"
  }

  /// Type and permission bits, as `ls -l` has them.
  private static func mode(_ file: ImageFile) -> String {
    let type =
      switch file.kind {
      case .file: "-"
      case .directory: "d"
      case .symbolicLink: "l"
      case .characterDevice: "c"
      case .blockDevice: "b"
      case .fifo: "p"
      }
    func triple(_ shift: UInt16, special: UInt16, _ letter: String) -> String {
      let bits = file.mode >> shift
      let execute = bits & 1 != 0
      let last =
        file.mode & special != 0 ? (execute ? letter : letter.uppercased()) : (execute ? "x" : "-")
      return (bits & 4 != 0 ? "r" : "-") + (bits & 2 != 0 ? "w" : "-") + last
    }
    return type + triple(6, special: 0o4000, "s") + triple(3, special: 0o2000, "s") + triple(0, special: 0o1000, "t")
  }
}
