import ArgumentParser
import CAS
import CASDirectory

/// `casfs create`: creates an empty store.
struct Create: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Create an empty store.",
    discussion: "Missing parent directories are created too. A path that exists is refused.")

  @OptionGroup var target: StoreArgument

  @Option(help: "The place of references: index.json, or files in refs.")
  var layout: DirectoryLayout = .index

  func run() throws {
    CommandLog.start()
    try StoreArgument.drivers(directory: DirectoryDriver(creating: layout)).create(target.store).close()
  }
}
