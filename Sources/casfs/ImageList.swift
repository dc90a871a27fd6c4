import ArgumentParser
import CAS
import CASImage

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
    guard let file = image.file(at: Array(path.utf8)) else {
      throw CASError(.notFound, operation: "list image", subject: path, cause: "not found")
    }
    var output = Output()
    let parts = path.split(separator: "/")
    var waiting = [(parts.joined(separator: "/"), file)]
    while let (path, file) = waiting.popLast() {
      try output.text(FileLine.text(of: file, path: path).onOneLine)
      for child in image.children(of: file).reversed() {
        waiting.append((path.isEmpty ? child.name : "\(path)/\(child.name)", child))
      }
    }
    try output.flush()
  }
}

/// A line about a file, in the form of `tar tv`.
enum FileLine {
  static func text(of file: ImageFile, path: String) -> String {
    var name = path.isEmpty ? "./" : path
    if file.kind == .directory, !path.isEmpty { name += "/" }
    if file.kind == .symbolicLink { name += " -> \(String(decoding: file.target, as: UTF8.self))" }
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
