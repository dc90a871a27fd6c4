import CAS
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

/// A folder of one test, removed with it.
final class Folder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/casfs-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// An empty store in this folder.
  func store(
    _ name: String = "store", _ layout: DirectoryLayout = .index, _ options: OpenOptions = OpenOptions()
  ) throws -> any Engine {
    try DirectoryDriver(creating: layout).create(self(name), options: CreateOptions(open: options))
  }
}

func open(_ path: String, _ options: OpenOptions = OpenOptions()) throws -> any Engine {
  try DirectoryDriver().open(path, options: options)
}

func write(_ text: String, _ path: String) throws {
  // In place, as other tools do: the file keeps its inode.
  if !FileManager.default.fileExists(atPath: path) { _ = FileManager.default.createFile(atPath: path, contents: nil) }
  let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  try file.truncate(atOffset: 0)
  try file.write(contentsOf: Data(text.utf8))
  try file.close()
}

func text(_ path: String) throws -> String {
  String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
}

func names(_ path: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: path).sorted()
}

func link(_ path: String, to target: String) throws {
  try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
}

func move(_ path: String, to other: String) throws {
  try FileManager.default.moveItem(atPath: path, toPath: other)
}

func remove(_ path: String) throws {
  try FileManager.default.removeItem(atPath: path)
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func digest(_ content: [UInt8], _ algorithm: Digest.Algorithm = .sha256) throws -> Digest {
  var digester = Digester(algorithm)
  digester.update(content.span)
  return try #require(digester.digest)
}

func name(_ text: String) throws -> ReferenceName { try ReferenceName(reading: text) }

/// A descriptor of content that need not be stored.
func descriptor(_ text: String) throws -> Descriptor {
  Descriptor(mediaType: MediaType.imageManifest, digest: try digest(bytes(text)), size: Int64(text.utf8.count))
}

extension Engine {
  func text(_ digest: Digest) throws -> String {
    String(decoding: try blobContents(digest, limit: 1 << 20), as: UTF8.self)
  }

  func file(_ digest: Digest) -> String {
    "\(uri.dropFirst(4))/blobs/\(digest.algorithm.rawValue)/\(digest.hex)"
  }
}

/// The code of the error that `body` throws.
func code(_ body: () throws -> Void) -> CASError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? CASError)?.code
  }
}

/// The digests in the error that `body` fails with, where that is ``CASError/Code-swift.struct/corrupt``.
func corruption(_ body: () throws -> Void) -> CASError.Corruption? {
  do {
    try body()
    return nil
  } catch {
    let error = error as? CASError
    return error?.code == .corrupt ? error?.corruption : nil
  }
}

/// Runs `body` on so many threads at once and returns when all are done.
func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
  let left = Monitor(count)
  for index in 0..<count {
    try Thread.start("test") {
      body(index)
      left.withLock { $0 -= 1 }
    }
  }
  left.wait(until: { $0 == 0 }, then: { _ in })
}

/// Waits for a condition, for ten seconds at most.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<500 {
    if try condition() { return true }
    Thread.sleep(for: .milliseconds(20))
  }
  return false
}

/// Runs a program of the system and gives what it printed.
@discardableResult
func run(_ arguments: String...) throws -> String {
  try run(arguments)
}

/// Runs a program of the system and gives what it printed.
@discardableResult
func run(_ arguments: [String]) throws -> String {
  let outcome = try Running("/usr/bin/env", arguments, in: "/").outcome(seconds: 120)
  let printed = outcome.text + outcome.errors
  #expect(outcome.status == 0, "\(arguments): \(printed)")
  return printed
}
