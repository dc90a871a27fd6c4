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

  @Flag(help: "List the entries without a name, as @DIGEST, and the name that each lost to another writer.")
  var unnamed = false

  func run() throws {
    let engine = try target.openReadOnly(links)
    defer { engine.close() }
    var output = Output()
    if unnamed {
      try listUnnamed(engine.index(), &output)
      return try output.flush()
    }
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

  private func listUnnamed(_ index: ImageIndex, _ output: inout Output) throws(CASError) {
    for entry in index.entries where entry.name == nil {
      guard let descriptor = try? entry.descriptor.get() else { continue }
      let lost = descriptor.annotation(IndexMerge.lostNameKey)
      if json {
        try output.line(.object([JSON.Member("name", .null), JSON.Member("descriptor", descriptor.json)]))
      } else if long {
        try output.line(
          "@\(descriptor.digest)", lost ?? "-", String(descriptor.size), descriptor.mediaType)
      } else {
        try output.line("@\(descriptor.digest)", lost ?? "-")
      }
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
