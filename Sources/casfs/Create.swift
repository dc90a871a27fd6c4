import ArgumentParser
import CAS
import CASDirectory

/// `casfs create`: makes an empty store.
struct Create: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make an empty store.",
    discussion: "Missing parent directories are made too. A path that exists is refused.")

  @OptionGroup var target: StoreArgument

  @Option(help: "How references are kept: in index.json, or as files in refs.")
  var layout: DirectoryLayout = .index

  func run() throws {
    try StoreArgument.drivers(directory: DirectoryDriver(creating: layout)).create(target.store).close()
  }
}
