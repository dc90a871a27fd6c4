import ArgumentParser
import CAS
import OCI

/// `casfs ref get`: prints the descriptor of a reference.
struct RefGet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print the descriptor of a reference, as one line of JSON.")

  @OptionGroup var target: StoreArgument
  @OptionGroup var links: LinkOptions

  @Argument(help: "The name.", transform: parseKnownName)
  var name: ReferenceName

  func run() throws {
    let engine = try target.openReadOnly(links)
    defer { engine.close() }
    var output = Output()
    try output.line(try engine.knownReference(named: name).named(nil).json)
    try output.flush()
  }
}
