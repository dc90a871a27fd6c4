import ArgumentParser
import CAS
import CASPlatform
import OCI

/// `casfs blob ls`: lists blobs.
struct BlobList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the blobs.", discussion: "The order is not defined.")

  @OptionGroup var target: StoreArgument
  @OptionGroup var links: LinkOptions

  @Flag(name: .short, help: "Also print size in bytes and date (UTC), separated by tabs.")
  var long = false

  @Flag(help: "Print one JSON object per line, with digest, size and modified.")
  var json = false

  func run() throws {
    let engine = try target.openReadOnly(links)
    defer { engine.close() }
    var output = Output()
    var failure: CASError?
    let omission = try engine.forEachListedBlob { (digest) throws(CASError) in
      guard long || json else { return try output.line(digest.description) }
      let info: BlobInfo
      do throws(CASError) {
        info = try engine.blobInfo(digest)
      } catch {
        // Deleted since the listing, or unreadable, which must not hide the other blobs.
        if error.code != .notFound { failure = failure ?? error }
        return
      }
      try list(digest, info, &output)
    }
    try output.flush()
    if let failure = failure ?? omission { throw failure }
  }

  private func list(_ digest: Digest, _ info: BlobInfo, _ output: inout Output) throws(CASError) {
    guard json else {
      return try output.line(digest.description, String(info.size), info.modified.text)
    }
    try output.line(
      .object([
        JSON.Member("digest", .string(digest.description)), JSON.Member("size", .number(String(info.size))),
        JSON.Member("modified", .string(info.modified.text)),
      ]))
  }
}
