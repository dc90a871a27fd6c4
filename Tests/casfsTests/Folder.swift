import Foundation
import TestSupport

/// A temporary folder that goes with its last reference.
final class Folder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "casfs-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit {
    // A test may have made what is in it read-only, which stops an ordinary user.
    let manager = FileManager.default
    for name in (try? manager.subpathsOfDirectory(atPath: path)) ?? [] {
      guard isDirectory(name) else { continue }
      try? manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: self[name].path)
    }
    try? manager.removeItem(atPath: path)
  }

  /// The place of a name in it.
  subscript(name: String) -> URL { URL(filePath: path).appending(path: name) }

  /// Makes a file, with the directories above it.
  func write(_ content: [UInt8], to name: String) throws {
    try FileManager.default.createDirectory(
      at: self[name].deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(content).write(to: self[name])
  }

  /// Makes a text file.
  func write(_ text: String, to name: String) throws {
    try write(Array(text.utf8), to: name)
  }

  /// The files in it, sorted.
  func files() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path).filter { !isDirectory($0) }.sorted()
  }

  private func isDirectory(_ name: String) -> Bool {
    (try? self[name].resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
  }
}

/// An empty store of casfs's making.
struct TestStore {
  let folder: Folder
  var path: String { folder["store"].path }

  init(_ layout: String = "index") throws {
    folder = try Folder()
    let made = try Tool.run(["create", "--layout", layout, folder["store"].path])
    guard made.status == 0 else { throw TestFailure(reason: made.errors) }
  }

  /// Stores a text and gives its digest.
  func put(_ text: String) throws -> String {
    let outcome = try Tool.run(["blob", "put", path], input: Array(text.utf8))
    guard outcome.status == 0, let digest = outcome.lines.first else { throw TestFailure(reason: outcome.errors) }
    return digest
  }

  /// The file of a blob.
  func file(_ digest: String) -> URL {
    folder["store/blobs/\(digest.replacingOccurrences(of: ":", with: "/"))"]
  }
}

/// What a test fails with when it cannot begin.
struct TestFailure: Error {
  var reason: String
}

/// The SHA-256 digests of some texts, by sha256sum(1).
enum Known {
  static let hello = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
  static let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
