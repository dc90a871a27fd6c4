import ArgumentParser
import CAS
import CASPlatform

/// `casfs blob get`: prints the content of a blob.
struct BlobGet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print the content of a blob.",
    discussion: """
      The content is verified before its first byte is printed. An argument that begins with sha256: or sha512: is a \
      digest; any other is a reference, whose blob is printed.
      """)

  @OptionGroup var target: StoreArgument
  @OptionGroup var links: LinkOptions

  @Argument(help: "The blob's digest, or a reference to it.", transform: BlobSelector.parse)
  var blob: BlobSelector

  func run() throws {
    let engine = try target.openReadOnly(links)
    defer { engine.close() }
    let reader = try blob.content(in: engine)
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
