import ArgumentParser
import CAS
import CASPlatform
import OCI

/// `casfs du`: the space that references take.
struct DiskUsage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "du", abstract: "Print the space that references take.",
    discussion: """
      Prints, for each reference, the bytes of all that it reaches, the bytes that it alone reaches, and the reference, \
      separated by tabs; the largest first. The second number is what 'casfs gc' frees once the reference is removed.
      """)

  @OptionGroup var target: StoreArgument
  @OptionGroup var links: LinkOptions

  @Argument(help: "The references, or @DIGEST for entries without a name; without any, all.", transform: parseEntry)
  var references: [EntrySelector] = []

  @Flag(name: .short, help: "Also print the references that share content, and the bytes that they share.")
  var long = false

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func run() throws {
    let engine = try target.openReadOnly(links)
    defer { engine.close() }
    let usage = try engine.usage()
    var output = Output()
    for reference in try selected(of: usage.references, engine) { try print(reference, &output) }
    try output.flush()
    for error in usage.failures.dropLast() { Report.warn(error.description) }
    if let error = usage.failures.last { throw error }
  }

  private func selected(
    of all: [ReferenceUsage], _ engine: any Engine
  ) throws(CASError) -> [ReferenceUsage] {
    if references.isEmpty { return all }
    var names: Set<ReferenceName> = []
    var digests: Set<Digest> = []
    for reference in references {
      switch reference {
      case .name(let name):
        if !all.contains(where: { $0.name == name }) { try check(name, engine) }
        names.insert(name)
      case .unnamed(let digest):
        guard all.contains(where: { $0.name == nil && $0.digest == digest }) else {
          throw CASError(.notFound, operation: "measure store", subject: "@\(digest)", cause: "not found")
        }
        digests.insert(digest)
      }
    }
    return all.filter { $0.name.map(names.contains) ?? digests.contains($0.digest) }
  }

  /// Reports a name that has no usage of its own.
  private func check(_ name: ReferenceName, _ engine: any Engine) throws(CASError) {
    let descriptor = try engine.knownReference(named: name)
    throw CASError(
      .notFound, operation: "measure store", subject: name.description,
      cause: "counted under another name of \(descriptor.digest)")
  }

  private func print(_ usage: ReferenceUsage, _ output: inout Output) throws(CASError) {
    guard json else {
      try output.line(String(usage.size), String(usage.exclusiveSize), usage.reference)
      guard long else { return }
      for share in usage.shares { try output.line("", String(share.size), share.reference) }
      if usage.shareCount > usage.shares.count {
        try output.line("", "", "and \(usage.shareCount - usage.shares.count) more")
      }
      return
    }
    let shares = usage.shares.map { (share) in
      JSON.object([
        JSON.Member("reference", .string(share.reference)), JSON.Member("size", .number(String(share.size))),
      ])
    }
    try output.line(
      .object([
        JSON.Member("reference", .string(usage.reference)), JSON.Member("digest", .string(usage.digest.description)),
        JSON.Member("size", .number(String(usage.size))), JSON.Member("alone", .number(String(usage.exclusiveSize))),
        JSON.Member("sharedWith", .array(shares)), JSON.Member("sharers", .number(String(usage.shareCount))),
      ]))
  }
}
