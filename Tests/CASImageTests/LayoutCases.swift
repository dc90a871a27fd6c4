import CAS
import CASDirectory
import CASImage
import CASPlatform
import Foundation
import OCI
import TestSupport

/// The image layouts of `Scripts/make_cases.py`, and the trees that they show.
///
/// The trees are the kernel's answers: overlayfs over layers that containerd applied, or umoci's where it follows the
/// image specification and overlayfs cannot.
struct LayoutCases {
  struct Answer: Decodable {
    let `case`: String
    let answer: String
    let rows: [[String: Field]]?
  }

  /// A value in a row: text, a number, or extended attributes.
  enum Field: Decodable, Hashable {
    case text(String)
    case attributes([String: String])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int64.self) {
        self = .text(String(number))
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else {
        self = .attributes(try container.decode([String: String].self))
      }
    }
  }

  let folder: TemporaryFolder
  let answers: [Answer]

  /// Makes the layouts, all of them or those of these names.
  init(only names: [String] = []) throws {
    folder = try TemporaryFolder()
    let tests = Project.folder.appending(path: "Tests/CASImageTests")
    try SystemCommand.expect(["python3", tests.appending(path: "Scripts/make_cases.py").path, folder.path] + names)
    let packed = tests.appending(path: "Expected/trees.jsonl.gz").path
    let text = try SystemCommand.run("/usr/bin/env", ["gzip", "-dc", packed]).text
    answers = try text.split(separator: "\n").map { try JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
  }

  /// Whether the case could be made here: some need the zstd program.
  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder("\(name)/index.json")) }

  /// Opens the image of a case.
  func image(_ name: String, cache: LayerCache? = nil) throws -> Image {
    let engine = try DirectoryDriver().open(folder(name), options: OpenOptions(isReadOnly: true))
    return try Image(
      try engine.reference(named: ReferenceName("v1")), in: engine, platform: try Platform("linux/amd64"), cache: cache)
  }
}

extension Image {
  /// The rows of this tree, by path.
  func rows() throws -> [[UInt8]: [String: LayoutCases.Field]] {
    var rows: [[UInt8]: [String: LayoutCases.Field]] = [:]
    var names: [Int: [[UInt8]]] = [:]
    var waiting: [([UInt8], ImageFile)] = [(Array(".".utf8), root)]
    while let (path, file) = waiting.popLast() {
      rows[path] = try row(file)
      if file.kind != .directory { names[file.fileNumber, default: []].append(path) }
      for child in children(of: file) {
        waiting.append(((path == Array(".".utf8) ? [] : path + Array("/".utf8)) + child.nameBytes, child))
      }
    }
    for group in names.values where group.count > 1 {
      let first = group.map(Self.key).min { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
      for path in group { rows[path]?["group"] = first.map { .text($0) } }
    }
    return rows
  }

  static func key(_ path: [UInt8]) -> String {
    String(validating: path, as: UTF8.self) ?? "hex:" + path.hex
  }

  private func row(_ file: ImageFile) throws -> [String: LayoutCases.Field] {
    let nanoseconds = String(file.modified.nanoseconds)
    let mode = String(file.mode, radix: 8)
    var row: [String: LayoutCases.Field] = [
      "type": .text(file.kind.word), "mode": .text(String(repeating: "0", count: 4 - mode.count) + mode),
      "uid": .text("\(file.user)"), "gid": .text("\(file.group)"),
      "mtime": .text(
        "\(file.modified.seconds)." + String(repeating: "0", count: 9 - nanoseconds.count) + nanoseconds),
    ]
    switch file.kind {
    case .file:
      row["size"] = .text("\(file.size)")
      var digester = Digester(.sha256)
      try forEachChunk(of: file) { digester.update($0) }
      row["sha256"] = .text(digester.digest?.hex ?? "")
    case .symbolicLink:
      row["size"] = .text("\(file.size)")
      if let target = String(validating: file.target, as: UTF8.self) {
        row["target"] = .text(target)
      } else {
        row["target_hex"] = .text(file.target.hex)
      }
    case .characterDevice, .blockDevice: row["rdev"] = .text("\(file.device.major),\(file.device.minor)")
    default: break
    }
    if !file.attributes.isEmpty {
      row["xattrs"] = .attributes(
        Dictionary(
          uniqueKeysWithValues: file.attributes.map { (String(decoding: $0.name, as: UTF8.self), $0.value.hex) }))
    }
    return row
  }
}

extension [UInt8] {
  /// In lower-case hexadecimal digits.
  var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}

extension FileKind {
  fileprivate var word: String {
    switch self {
    case .file: "file"
    case .directory: "dir"
    case .symbolicLink: "symlink"
    case .characterDevice: "char"
    case .blockDevice: "block"
    case .fifo: "fifo"
    }
  }
}
