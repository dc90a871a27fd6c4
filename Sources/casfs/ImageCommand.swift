import ArgumentParser

/// `casfs image`: commands for the files in an image.
struct ImageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image", abstract: "List, print and export the files in an image.",
    subcommands: [ImageList.self, ImagePrint.self, ImageExport.self])

  func run() throws {
    throw ValidationError("'casfs image' needs one of the commands ls, cat and export")
  }
}
