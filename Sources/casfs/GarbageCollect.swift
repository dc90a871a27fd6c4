import ArgumentParser
import CAS
import CASPlatform
import OCI

/// `casfs gc`: removes unreferenced blobs.
struct GarbageCollect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Remove unreferenced blobs.",
    discussion: """
      Blobs that the index reaches through manifests and indexes stay, and so do blobs that were put within the last \
      day. Prints the digest of each blob that was removed. A store whose index reaches no blob is refused without --all.
      """)

  @OptionGroup var target: StoreArgument

  @Option(
    help: ArgumentHelp("Keep blobs that were put within this time: 90s, 30m, 24h, 7d, or 0.", valueName: "time"),
    transform: parseTime)
  var grace = GarbageOptions().grace

  @Flag(help: "Remove every blob if the index reaches none.")
  var all = false

  @Flag(help: "Remove nothing, and print the blobs that would be removed.")
  var dryRun = false

  @Flag(help: "Print one JSON object per line, with digest and size.")
  var json = false

  func run() throws {
    let engine = dryRun ? try target.openReadOnly() : try target.open()
    defer { engine.close() }
    var output = Output()
    var bar = ProgressBar(total: nil, of: .blobs, isEnabled: !StandardStream.output.isTerminal)
    defer { bar.clear() }
    let options = GarbageOptions(grace: grace, isDryRun: dryRun, allowsEmptyIndex: all)
    do throws(CASError) {
      try engine.collectGarbage(options) { (progress) throws(CASError) in
        for address in progress.removed { try report(address, &output) }
        // Blobs that are gone are printed, whatever ends the command later.
        try output.flush()
        bar.update(Int64(progress.examined))
      }
    } catch {
      guard error.underlyingError is EmptyIndexError else { throw error }
      throw error.appending("; --all removes them")
    }
  }

  private func report(_ address: BlobAddress, _ output: inout Output) throws(CASError) {
    guard json else { return try output.line(address.digest.description) }
    try output.line(
      .object([
        JSON.Member("digest", .string(address.digest.description)), JSON.Member("size", .number(String(address.size))),
      ]))
  }
}
