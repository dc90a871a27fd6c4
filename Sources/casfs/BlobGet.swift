import ArgumentParser
import CAS
import CASPlatform

/// `casfs blob get`: prints content.
struct BlobGet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print the content of a blob.",
    discussion: """
      The content is checked against its digest before the first byte is printed. What begins with sha256: or sha512: \
      is a digest, anything else a reference, for which the blob that its descriptor names is printed.
      """)

  @OptionGroup var target: StoreArgument

  @Argument(help: "The blob's digest, or a reference to it.", transform: BlobSelector.parse)
  var blob: BlobSelector

  func run() throws {
    let engine = try target.openReadOnly()
    defer { engine.close() }
    let reader = try engine.openBlob(try blob.digest(in: engine))
    var output = Output()
    var bar = ProgressBar(total: reader.size, isEnabled: !StandardStream.output.isTerminal)
    defer { bar.clear() }
    var done: Int64 = 0
    try reader.forEachChunk { (chunk) throws(CASError) in
      try output.write(chunk)
      done += Int64(chunk.count)
      bar.update(done)
    }
  }
}
