import ArgumentParser
import CAS
import OCI

/// `casfs blob rm`: removes blobs.
struct BlobRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove blobs.",
    discussion: "An absent blob counts as removed. References to a blob do not keep it.")

  @OptionGroup var target: StoreArgument

  @Argument(help: "The blobs' digests.", transform: parseDigest)
  var digests: [Digest]

  func run() throws {
    let engine = try target.open()
    defer { engine.close() }
    for digest in digests { try engine.deleteBlob(digest) }
  }
}
