import ArgumentParser
import CAS
import OCI

/// `casfs ref ls`: lists references.
struct RefList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the references.", discussion: "The order is that of the store.")

  @OptionGroup var target: StoreArgument
  @OptionGroup var links: LinkOptions

  @Flag(name: .short, help: "Also print digest, size in bytes and media type, separated by tabs.")
  var long = false

  @Flag(help: "Print one JSON object per line, with name and descriptor.")
  var json = false

  func run() throws {
    let engine = try target.openReadOnly(links)
    defer { engine.close() }
    var output = Output()
    if long || json {
      var failures: [CASError] = []
      for lookup in try engine.lookUpReferences() {
        switch lookup.descriptor {
        case .success(let descriptor): try list(Reference(name: lookup.name, descriptor: descriptor), &output)
        // A reference that the store does not return must not hide the others.
        case .failure(let error): failures.append(error)
        }
      }
      try output.flush()
      for error in failures.dropLast() { Report.warn(error.description) }
      if let error = failures.last { throw error }
    } else {
      for name in try engine.referenceNames() { try output.line(name.description) }
      try output.flush()
    }
  }

  private func list(_ reference: Reference, _ output: inout Output) throws(CASError) {
    let name = reference.name.description
    let descriptor = reference.descriptor
    if json {
      try output.line(
        .object([JSON.Member("name", .string(name)), JSON.Member("descriptor", descriptor.named(nil).json)]))
    } else {
      try output.line(name, descriptor.digest.description, String(descriptor.size), descriptor.mediaType)
    }
  }
}
