import CAS
import CASDirectory
import CASMemory
import CASPlatform
import Logging
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import StoreTree

/// A kind of store below a tree.
enum TestStoreKind: CaseIterable {
  case memory
  case directory
}

/// A tree without a kernel: requests are the test's, and so are the processes that send them.
///
/// Paths are relative to the root of the mount, as in `incoming/f`.
final class TestTree {
  let engine: any Engine
  let tree: Tree
  let processes: SimulatedProcesses
  let log = TestLog()
  /// The folder with the directory `store`, for a store in a directory.
  let folder: TemporaryFolder?

  /// Makes an empty store and its tree.
  init(
    _ kind: TestStoreKind = .memory, open: OpenOptions = OpenOptions(),
    options change: (inout TreeOptions) -> Void = { _ in }
  ) throws {
    processes = SimulatedProcesses()
    switch kind {
    case .memory:
      folder = nil
      engine = try MemoryDriver().create("mem:", options: CreateOptions(open: open))
    case .directory:
      let folder = try TemporaryFolder()
      self.folder = folder
      engine = try DirectoryDriver().create("dir:" + folder("store"), options: CreateOptions(open: open))
    }
    tree = Self.tree(of: engine, processes, log, change)
  }

  /// Shows a store.
  init(over engine: any Engine, options change: (inout TreeOptions) -> Void = { _ in }) {
    folder = nil
    self.engine = engine
    processes = SimulatedProcesses()
    tree = Self.tree(of: engine, processes, log, change)
  }

  /// Goes on with the state of a tree, which ends as one that has died, after this one.
  init(after first: TestTree, taking handover: Handover) {
    (folder, before) = (first.folder, first)
    (engine, processes) = (first.engine, first.processes)
    tree = Self.tree(of: engine, processes, log, { _ in }, handover)
  }

  /// The tree whose state this one has taken over.
  private var before: TestTree?

  private static func tree(
    of engine: any Engine, _ processes: SimulatedProcesses, _ log: TestLog, _ change: (inout TreeOptions) -> Void,
    _ handover: Handover? = nil
  ) -> Tree {
    var options = TreeOptions(user: 0, group: 0)
    change(&options)
    let logger = Logger(label: "test") { _ in log }
    return Tree(engine, options: options, logger: logger, processes: processes, handover: handover)
  }

  deinit {
    tree.finish(publishing: false)
  }

  /// The context of a request.
  func context(
    _ caller: Int32 = .opener, user: UInt32 = 0, group: UInt32 = 0, cancellation: CancellationToken = .none
  ) -> RequestContext {
    RequestContext(user: user, group: group, thread: caller, cancellation: cancellation)
  }

  // MARK: Names

  @discardableResult
  func lookup(_ path: String, _ context: RequestContext? = nil) throws -> Entry {
    let context = context ?? self.context()
    var entry: Entry?
    for name in path.split(separator: "/") {
      entry = try tree.lookup(String(name), in: entry?.node ?? .root, context)
    }
    return try #require(entry)
  }

  /// Whether a lookup finds a path.
  func exists(_ path: String) -> Bool { (try? lookup(path)) != nil }

  /// The names in a directory in order, without `.` and `..`.
  func names(_ path: String, _ context: RequestContext? = nil) throws -> [String] {
    try entries(path, context).map(\.name).filter { $0 != "." && $0 != ".." }.sorted()
  }

  func entries(_ path: String, _ context: RequestContext? = nil) throws -> [DirectoryEntry] {
    try entries(of: node(path), context)
  }

  func entries(of node: NodeID, _ context: RequestContext? = nil) throws -> [DirectoryEntry] {
    let context = context ?? self.context()
    let handle = try tree.openDirectory(node, context)
    defer { try? tree.releaseDirectory(handle) }
    var entries: [DirectoryEntry] = []
    try tree.entries(of: handle, from: 0, context) { (entry, _) in
      entries.append(entry)
      return true
    }
    return entries
  }

  func makeDirectory(_ path: String, permissions: UInt32 = 0o755, _ context: RequestContext? = nil) throws {
    let (parent, name) = try split(path)
    _ = try tree.makeDirectory(name, permissions: permissions, in: parent, context ?? self.context())
  }

  func remove(_ path: String) throws {
    let (parent, name) = try split(path)
    try tree.removeFile(name, in: parent, context())
  }

  func removeDirectory(_ path: String) throws {
    let (parent, name) = try split(path)
    try tree.removeDirectory(name, in: parent, context())
  }

  func rename(_ path: String, to other: String, replacing: Bool = true) throws {
    let (parent, name) = try split(path)
    let (target, newName) = try split(other)
    try tree.rename(name, in: parent, to: newName, in: target, replacing: replacing, context())
  }

  /// The target of a link.
  func link(_ path: String) throws -> String { try tree.linkTarget(of: node(path)) }

  func node(_ path: String) throws -> NodeID { path.isEmpty ? .root : try lookup(path).node }

  private func split(_ path: String) throws -> (NodeID, String) {
    let names = path.split(separator: "/").map(String.init)
    return (try node(names.dropLast().joined(separator: "/")), try #require(names.last))
  }

  // MARK: Attributes

  func attributes(_ path: String) throws -> Attributes { try tree.attributes(of: node(path), context()) }

  /// Changes attributes of a path.
  @discardableResult
  func set(
    _ path: String, _ context: RequestContext? = nil, _ change: (inout AttributeChanges) -> Void
  ) throws -> Attributes {
    var changes = AttributeChanges()
    change(&changes)
    return try tree.setAttributes(of: node(path), changes, handle: nil, context ?? self.context())
  }

  /// The value of an extended attribute as text.
  func extendedAttribute(_ name: String, of path: String) throws -> String {
    String(decoding: try tree.extendedAttribute(name, of: node(path), context()), as: UTF8.self)
  }

  func setExtendedAttribute(_ name: String, _ value: String, of path: String) throws {
    try tree.setExtendedAttribute(name, to: Array(value.utf8), of: node(path), mustBe: .either, context())
  }

  // MARK: Stored blobs

  /// Stores a text as another process does, not through the tree.
  func put(_ text: String) throws -> Digest { try engine.putBlob(Array(text.utf8)).digest }

  /// Whether the store has a text as a blob.
  func isStored(_ text: String, _ algorithm: Digest.Algorithm = .sha256) throws -> Bool {
    let digest = try digest(text, algorithm)
    return (try? engine.blobInfo(digest)) != nil
  }

  /// How many blobs are stored.
  func blobCount() throws -> Int {
    var count = 0
    try engine.forEachBlob { _ in count += 1 }
    return count
  }

  /// The path of a blob in the tree.
  func blobPath(_ digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }

  /// The value of a counter of the mount.
  func counter(_ name: String) -> Int64? { tree.status.counters.first { $0.name == name }?.value }
}

/// The digest of a text.
func digest(_ text: String, _ algorithm: Digest.Algorithm = .sha256) throws -> Digest {
  try Digest.of(text.bytes, algorithm)
}
