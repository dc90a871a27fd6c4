import CASPlatform
public import Foundation

/// A temporary folder, removed with its last reference.
public final class TemporaryFolder: Sendable {
  /// Its path.
  public let path: String

  /// Creates an empty folder.
  public init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "casfs-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit {
    // Without write permission in a directory an ordinary user cannot remove what is in it.
    let manager = FileManager.default
    for name in (try? manager.subpathsOfDirectory(atPath: path)) ?? [] {
      guard isDirectory(name) else { continue }
      try? manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: self[name].path)
    }
    try? manager.removeItem(atPath: path)
  }

  /// The URL of a name in it.
  public subscript(name: String) -> URL { URL(filePath: path).appending(path: name) }

  /// The path of a name in it, as it is written.
  public func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, and creates the directories above it. A file that exists keeps its inode.
  public func write(_ content: [UInt8], to name: String) throws {
    try FileManager.default.createDirectory(
      at: self[name].deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(content).write(to: self[name])
    waitForChildren(holding: name)
  }

  /// Waits while a child that another test starts, which has all descriptors until its `execve(2)`, has the file open for
  /// writing: a store takes such content for unfinished.
  private func waitForChildren(holding name: String) {
    // Some tests write files that they cannot read.
    guard let file = try? OpenFile.open(path: self(name), .readOnly) else { return }
    _ = eventually { file.hasWriter() != true }
  }

  /// Writes a text file.
  public func write(_ text: String, to name: String) throws {
    try write(Array(text.utf8), to: name)
  }

  /// The content of a text file.
  public func text(of name: String) throws -> String {
    String(decoding: try Data(contentsOf: self[name]), as: UTF8.self)
  }

  /// The files in it, sorted.
  public func files() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path).filter { !isDirectory($0) }.sorted()
  }

  private func isDirectory(_ name: String) -> Bool {
    (try? self[name].resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
  }
}
