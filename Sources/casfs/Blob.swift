import ArgumentParser

/// `casfs blob`: commands for blobs.
struct Blob: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put, get, list and remove blobs.",
    subcommands: [BlobPut.self, BlobGet.self, BlobList.self, BlobRemove.self])

  func run() throws {
    throw ValidationError("'casfs blob' needs one of the commands put, get, ls and rm")
  }
}
