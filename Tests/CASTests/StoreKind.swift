import CAS
import CASArchive
import CASDirectory
import CASMemory
import CASPlatform
import CASRegistry
import Foundation
import OCI
import TestSupport
import Testing

/// A kind of store that the suite runs on.
struct StoreKind: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let driver: any Driver
  /// The file of the reference `a`, or of all references, in a directory.
  var referenceFile = "index.json"
  /// Whether blobs are files `blobs/ALGORITHM/HEX` in a directory, which tests can change.
  let isDirectory: Bool

  /// Kinds that keep every blob they are given.
  static let all = [
    StoreKind(testDescription: "memory", driver: MemoryDriver(), isDirectory: false),
    StoreKind(testDescription: "index layout", driver: DirectoryDriver(), isDirectory: true),
    StoreKind(
      testDescription: "refs layout", driver: DirectoryDriver(creating: .refs), referenceFile: "refs/a",
      isDirectory: true),
  ]

  static let directories = all.filter(\.isDirectory)

  /// A directory, from which ``TestStore/sealed()`` makes an archive.
  static let archive = StoreKind(
    testDescription: "archive", driver: DirectoryDriver(), isDirectory: true)

  /// Kinds for tests that read, after ``TestStore/sealed()``.
  static let sealable = all + [archive]

  /// A repository of Debian's registry. References in it are tags of manifests, and only the blobs they reach are
  /// listed.
  static let registry = StoreKind(
    testDescription: "registry", driver: RegistryDriver(environment: TestRegistry.variables),
    isDirectory: false)

  /// The registry, if it is installed; continuous integration requires it.
  static let registries = TestRegistry.isWanted ? [registry] : []

  /// Kinds that take and serve blobs.
  static let every = all + registries
  static let readable = sealable + registries

  var isRegistry: Bool { testDescription == Self.registry.testDescription }
}

/// A new store in a folder, for one test.
struct TestStore: Sendable {
  let kind: StoreKind
  let folder: URL
  let uri: String
  let engine: any Engine

  /// Opens the same store again.
  func reopen(_ options: OpenOptions = OpenOptions()) throws(CASError) -> any Engine {
    try DriverRegistry([kind.driver, ArchiveDriver()]).open(uri, options: options)
  }

  /// The store with its current content, for reading; an archive, if the kind is one.
  func sealed() throws -> TestStore {
    guard kind.testDescription == StoreKind.archive.testDescription else { return self }
    try tar("-cf", "store.tar", "-C", "store", ".")
    let uri = "oci-archive:\(folder.path)/store.tar"
    return TestStore(
      kind: kind, folder: folder, uri: uri, engine: try ArchiveDriver().open(uri, options: OpenOptions()))
  }

  /// Runs tar(1) in the folder.
  func tar(_ arguments: String...) throws {
    try run("tar", arguments)
  }

  /// Runs a program in the folder.
  func run(_ program: String, _ arguments: [String]) throws {
    let outcome = try RunningCommand("/usr/bin/\(program)", arguments, in: folder.path).outcome()
    guard outcome.status == 0 else { throw TestFailure(outcome.errors) }
  }

  /// The file of a blob in a directory.
  func file(_ digest: Digest) -> URL {
    folder.appending(path: "store/blobs/\(digest.algorithm.rawValue)/\(digest.hex)")
  }

  /// Overwrites the stored copy of a blob.
  func corrupt(_ digest: Digest, with content: [UInt8] = Array("rotten".utf8)) throws {
    let file = file(digest)
    try FileManager.default.removeItem(at: file)
    try Data(content).write(to: file)
  }

  /// The sorted paths of all files of a store in a directory; empty for one in memory.
  func files() -> [String] {
    let paths = FileManager.default.subpaths(atPath: folder.path) ?? []
    return paths.filter { (path) in
      var isDirectory: ObjCBool = false
      return unsafe FileManager.default.fileExists(
        atPath: folder.appending(path: path).path, isDirectory: &isDirectory) && !isDirectory.boolValue
    }.sorted()
  }

  /// Whether these blobs are stored, and no others if the store lists unreferenced ones.
  func holds(_ expected: [Digest]) throws -> Bool {
    guard kind.isRegistry else { return try digests() == expected.sorted() }
    for digest in expected { _ = try engine.blobInfo(digest) }
    return true
  }

  /// All stored digests.
  func digests() throws -> [Digest] {
    var digests: [Digest] = []
    try engine.forEachBlob { digests.append($0) }
    return digests.sorted()
  }
}

/// Runs a test on a new store, which is removed afterwards.
func withStore(_ kind: StoreKind, _ body: (TestStore) throws -> Void) throws {
  let id = UUID().uuidString
  let folder = FileManager.default.temporaryDirectory.appending(path: "castests-\(id)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let uri =
    if kind.isRegistry {
      "docker://\(try TestRegistry.authority())/test/\(id.lowercased())"
    } else {
      kind.isDirectory ? "dir:\(folder.path)/store" : "mem:\(id)"
    }
  let engine = try kind.driver.create(uri, options: CreateOptions())
  defer { engine.close() }
  try body(TestStore(kind: kind, folder: folder, uri: uri, engine: engine))
}
