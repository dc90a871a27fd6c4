import ArgumentParser
import CAS
import OCI

/// `casfs ref rm`: removes references.
struct RefRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove references; the blobs stay.",
    discussion: "An absent name counts as removed. @DIGEST removes the entries of a digest that have no name.")

  @OptionGroup var target: StoreArgument

  @Argument(help: "The names, or @DIGEST.", transform: parseEntry)
  var names: [EntrySelector]

  func run() throws {
    let engine = try target.open()
    defer { engine.close() }
    for name in names {
      switch name {
      case .name(let name): try engine.deleteReference(named: name)
      case .unnamed(let digest):
        let change = IndexChange(removingUnnamed: digest)
        _ = try engine.changeIndex(change, refusesConflicts: false, cancellation: .none)
      }
    }
  }
}
