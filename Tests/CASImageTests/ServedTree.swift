import CAS
import CASDirectory
import CASImage
import CASPlatform
import Foundation
import Logging
import OCI
import StoreTree
import SystemPackage
import TestSupport

/// A tree without a kernel over a store, whose files are read as a walk through the mount reads them.
final class ServedTree: Sendable {
  let tree: Tree
  private let context = RequestContext(user: 0, group: 0, thread: 0)

  /// Serves a store.
  init(_ engine: any Engine, cache: LayerCache? = nil, allowsOthers: Bool = false, cachesBlobs: Bool = true) {
    var options = TreeOptions(user: 0, group: 0)
    options.isReadOnly = true
    options.layerCache = cache
    options.allowsOthers = allowsOthers
    options.cachesBlobs = cachesBlobs
    tree = Tree(engine, options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  /// Serves a directory with a store.
  convenience init(path: String, cache: LayerCache? = nil) throws {
    self.init(try DirectoryDriver().open(path, options: OpenOptions(isReadOnly: true)), cache: cache)
  }

  deinit { tree.finish(publishing: false) }

  /// Looks a path up, from the root of the mount.
  func lookup(_ path: String) throws -> Entry {
    var entry: Entry?
    for name in path.split(separator: "/") {
      entry = try tree.lookup(String(name), in: entry?.node ?? .root, context)
    }
    guard let entry else { throw Errno.noSuchFileOrDirectory }
    return entry
  }

  /// The entries of a directory, without `.` and `..`.
  func entries(_ node: NodeID) throws -> [DirectoryEntry] {
    let handle = try tree.openDirectory(node, context)
    defer { try? tree.releaseDirectory(handle) }
    var entries: [DirectoryEntry] = []
    try tree.entries(of: handle, from: 0, context) { (entry, _) in
      entries.append(entry)
      return true
    }
    return entries.filter { $0.name != "." && $0.name != ".." }
  }

  /// The names in a directory in order.
  func names(_ path: String) throws -> [String] { try entries(lookup(path).node).map(\.name).sorted() }

  /// Reads a file as the kernel does, in pieces of 128 KiB.
  func contents(_ node: NodeID, _ context: RequestContext? = nil) throws -> [UInt8] {
    let context = context ?? self.context
    let file = try tree.open(node, OpenRequest(isWriting: false), context)
    defer { _ = try? tree.release(file.handle, context) }
    var content: [UInt8] = []
    while true {
      let bytes = try tree.read(file.handle, at: Int64(content.count), count: 128 << 10, context).bytes()
      if bytes.isEmpty { return content }
      content += bytes
    }
  }

  func text(_ path: String) throws -> String { String(decoding: try contents(lookup(path).node), as: UTF8.self) }

  func attribute(_ name: String, of path: String) throws -> String {
    String(decoding: try tree.extendedAttribute(name, of: lookup(path).node, context), as: UTF8.self)
  }

  /// The error number of an operation; `nil` if it succeeds.
  func errno<Result>(_ body: () throws -> Result) -> Errno? {
    do {
      _ = try body()
      return nil
    } catch { return error as? Errno }
  }

  // MARK: Rows

  /// The rows of a directory and all below it, by path.
  func rows(_ path: String) throws -> [[UInt8]: [String: LayoutCases.Field]] {
    var rows: [[UInt8]: [String: LayoutCases.Field]] = [:]
    var names: [UInt64: [[UInt8]]] = [:]
    let root = try lookup(path)
    // The first use; the attributes of the root are known after it.
    _ = try entries(root.node)
    let attributes = try tree.attributes(of: root.node, context)
    var waiting = [(Array(".".utf8), root.node, attributes)]
    while let (path, node, attributes) = waiting.popLast() {
      rows[path] = try row(node, attributes)
      guard attributes.kind == .directory else {
        names[attributes.inode, default: []].append(path)
        continue
      }
      for listed in try entries(node) {
        let child = try tree.lookup(listed.name, in: node, context)
        guard child.attributes.kind == listed.kind, child.attributes.inode == listed.inode else {
          throw TestFailure("\(listed.name) is listed as another file")
        }
        let prefix = path == Array(".".utf8) ? [] : path + Array("/".utf8)
        waiting.append((prefix + NameText.bytes(of: listed.name), child.node, child.attributes))
      }
    }
    for group in names.values where group.count > 1 {
      let first = group.map(Image.key).min { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
      for path in group { rows[path]?["group"] = first.map { .text($0) } }
    }
    return rows
  }

  private func row(_ node: NodeID, _ attributes: Attributes) throws -> [String: LayoutCases.Field] {
    let nanoseconds = String(attributes.modified.nanoseconds)
    let mode = String(attributes.permissions, radix: 8)
    var row: [String: LayoutCases.Field] = [
      "type": .text(attributes.kind.word),
      "mode": .text(String(repeating: "0", count: max(0, 4 - mode.count)) + mode),
      "uid": .text("\(attributes.user)"), "gid": .text("\(attributes.group)"),
      "mtime": .text(
        "\(attributes.modified.seconds)." + String(repeating: "0", count: 9 - nanoseconds.count) + nanoseconds),
    ]
    switch attributes.kind {
    case .file:
      row["size"] = .text("\(attributes.size)")
      row["sha256"] = .text(try Digest.of(contents(node)).hex)
    case .link:
      row["size"] = .text("\(attributes.size)")
      let target = NameText.bytes(of: try tree.linkTarget(of: node))
      if let text = String(validating: target, as: UTF8.self) {
        row["target"] = .text(text)
      } else {
        row["target_hex"] = .text(target.hex)
      }
    case .characterDevice, .blockDevice:
      row["rdev"] = .text("\(attributes.device.major),\(attributes.device.minor)")
    case .directory, .fifo: break
    }
    var values: [String: String] = [:]
    for name in try tree.extendedAttributeNames(of: node, context) {
      values[name] = try tree.extendedAttribute(name, of: node, context).hex
    }
    if !values.isEmpty { row["xattrs"] = .attributes(values) }
    return row
  }
}

extension NodeKind {
  fileprivate var word: String {
    switch self {
    case .file: "file"
    case .directory: "dir"
    case .link: "symlink"
    case .characterDevice: "char"
    case .blockDevice: "block"
    case .fifo: "fifo"
    }
  }
}

extension ReadResult {
  /// The bytes, which are read if they are in a file.
  func bytes() throws -> [UInt8] {
    switch self {
    case .bytes(let bytes): return bytes
    case .file(let file, let offset, let count):
      var bytes = [UInt8](repeating: 0, count: count)
      var span = bytes.mutableSpan
      guard try file.read(into: &span, at: offset) == count else { throw TestFailure("the file ends early") }
      return bytes
    }
  }
}
