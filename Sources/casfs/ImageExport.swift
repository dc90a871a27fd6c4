import ArgumentParser
import CAS
import CASImage
import CASPlatform

/// `casfs image export`: prints the file system of an image as a tar archive.
struct ImageExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Print the files of an image as one tar archive.",
    discussion: "The entries are sorted by name, and equal images give equal archives.")

  @OptionGroup var argument: ImageArgument

  func run() throws {
    guard !StandardStream.output.isTerminal else {
      throw ValidationError("an archive is not written to a terminal; redirect the output")
    }
    let engine = try argument.target.openReadOnly(argument.links)
    defer { engine.close() }
    let image = try argument.open(in: engine)
    var output = Output()
    try image.export { (chunk) throws(CASError) in try output.write(chunk) }
  }
}
