import CAS
import Foundation
import OCI
import TestSupport

@testable import CASDirectory

extension TemporaryFolder {
  /// Creates an empty store in this folder.
  func store(
    _ name: String = "store", _ layout: DirectoryLayout = .index, _ options: OpenOptions = OpenOptions()
  ) throws -> any Engine {
    try DirectoryDriver(creating: layout).create(self(name), options: CreateOptions(open: options))
  }

  /// Creates an empty store whose engine writes into named temporary files or into unnamed ones.
  func store(named: Bool) throws -> DirectoryEngine {
    try store().close()
    let layout = try OpenedLayout(opening: self("store"), OperationContext("open store", on: self("store")))
    return DirectoryEngine(layout, options: OpenOptions(), namesTemporaries: named)
  }
}

/// Opens a store that exists.
func openStore(_ path: String, _ options: OpenOptions = OpenOptions()) throws -> any Engine {
  try DirectoryDriver().open(path, options: options)
}

/// Writes a text in place, as other tools do: the file keeps its inode.
func writeText(_ text: String, _ path: String) throws {
  if !FileManager.default.fileExists(atPath: path) { _ = FileManager.default.createFile(atPath: path, contents: nil) }
  let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  try file.truncate(atOffset: 0)
  try file.write(contentsOf: Data(text.utf8))
  try file.close()
}

/// The content of a text file.
func readText(_ path: String) throws -> String {
  String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
}

/// The names in a directory, sorted.
func entryNames(_ path: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: path).sorted()
}

/// Creates a symbolic link at a path.
func makeSymbolicLink(_ path: String, to target: String) throws {
  try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
}

/// Renames a file or directory.
func moveItem(_ path: String, to other: String) throws {
  try FileManager.default.moveItem(atPath: path, toPath: other)
}

/// Removes a file, or a directory with what is in it.
func removeItem(_ path: String) throws {
  try FileManager.default.removeItem(atPath: path)
}

extension Engine {
  /// The content of a stored text.
  func text(_ digest: Digest) throws -> String {
    String(decoding: try blobContents(digest, limit: 1 << 20), as: UTF8.self)
  }

  /// The path of a blob's file.
  func file(_ digest: Digest) -> String {
    "\(uri.dropFirst(4))/blobs/\(digest.algorithm.rawValue)/\(digest.hex)"
  }
}
