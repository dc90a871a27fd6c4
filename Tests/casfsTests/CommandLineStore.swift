import Foundation
import TestSupport

/// An empty store that `casfs create` made, in a temporary folder.
struct CommandLineStore {
  let folder: TemporaryFolder
  var path: String { folder["store"].path }

  init(_ layout: String = "index") throws {
    folder = try TemporaryFolder()
    let made = try Casfs.run(["create", "--layout", layout, folder["store"].path])
    guard made.status == 0 else { throw TestFailure(made.errors) }
  }

  /// Stores a text and returns its digest.
  func put(_ text: String) throws -> String {
    let outcome = try Casfs.run(["blob", "put", path], input: Array(text.utf8))
    guard outcome.status == 0, let digest = outcome.lines.first else { throw TestFailure(outcome.errors) }
    return digest
  }

  /// The file of a blob.
  func file(_ digest: String) -> URL {
    folder["store/blobs/\(digest.replacingOccurrences(of: ":", with: "/"))"]
  }
}

/// SHA-256 digests by sha256sum(1).
enum Known {
  static let hello = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
  static let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
