import ArgumentParser
import CAS
import CASPlatform
import OCI

/// `casfs blob ls`: lists content.
struct BlobList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the blobs.", discussion: "The order is the store's, which is none.")

  @OptionGroup var target: StoreArgument

  @Flag(name: .short, help: "Print size in bytes and date (UTC) too, separated by tabs.")
  var long = false

  @Flag(help: "Print an object with digest, size and modified a line.")
  var json = false

  func run() throws {
    let engine = try target.openReadOnly()
    defer { engine.close() }
    var output = Output()
    var failure: CASError?
    try engine.forEachBlob { (digest) throws(CASError) in
      guard long || json else { return try output.line(digest.description) }
      let info: BlobInfo
      do throws(CASError) {
        info = try engine.blobInfo(digest)
      } catch {
        // One that was deleted meanwhile is not there; one that is broken does not hide the others.
        if error.code != .notFound { failure = failure ?? error }
        return
      }
      try list(digest, info, &output)
    }
    try output.flush()
    if let failure { throw failure }
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
