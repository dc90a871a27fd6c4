import ArgumentParser
import CAS
import OCI

/// `casfs blob rm`: removes content.
struct BlobRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove blobs.",
    discussion: "A blob that is not there is as good as removed. References are not looked at.")

  @OptionGroup var target: StoreArgument

  @Argument(help: "The blobs' digests.", transform: parseDigest)
  var digests: [Digest]

  func run() throws {
    let engine = try target.open()
    defer { engine.close() }
    for digest in digests { try engine.deleteBlob(digest) }
  }
}
