import ArgumentParser
import CAS
import OCI

/// `casfs ref rm`: removes references.
struct RefRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove references; the blobs stay.",
    discussion: "An absent name counts as removed.")

  @OptionGroup var target: StoreArgument

  @Argument(help: "The names.", transform: parseKnownName)
  var names: [ReferenceName]

  func run() throws {
    let engine = try target.open()
    defer { engine.close() }
    for name in names { try engine.deleteReference(named: name) }
  }
}
