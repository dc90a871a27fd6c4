import CAS
import CASPlatform
import OCI
import SystemPackage

/// Finds files in the directories of a store that are not part of the layout: foreign ones, and blobs in the wrong
/// place. ``ToolLeftovers`` are omitted.
struct ForeignFileScan {
  private let store: DirectoryStore
  private let context: OperationContext

  init(_ store: DirectoryStore, _ context: OperationContext) {
    self.store = store
    self.context = context
  }

  func run(_ report: (StoreProblem) throws(CASError) -> Void) throws(CASError) {
    // A directory `refs` beside `index.json` is left over from the older layout and ignored.
    let own = [ImageLayout.fileName, ImageIndex.fileName, "blobs", "refs", StoreLock.fileName]
    try forEachName(in: ".", .root) { (name, path) throws(CASError) in
      if own.contains(where: { name.elementsEqual($0.utf8) }) || name.starts(with: TemporaryFile.prefix.utf8) { return }
      try report(misplaced(name, path) ?? StoreProblem(.foreign, subject: path, reason: "not part of an image layout"))
    }
    let algorithms = Digest.Algorithm.allCases
    try forEachName(in: "blobs", .blobs) { (name, path) throws(CASError) in
      if algorithms.contains(where: { name.elementsEqual($0.rawValue.utf8) }) { return }
      try report(
        misplaced(name, path)
          ?? StoreProblem(.foreign, subject: path, reason: "not the directory of a supported digest algorithm"))
    }
    for algorithm in algorithms {
      try forEachName(in: "blobs/\(algorithm.rawValue)", .algorithm(algorithm)) { (name, path) throws(CASError) in
        let text = String(decoding: name, as: UTF8.self)
        if Digest(algorithm, hex: text) != nil { return }
        try report(misplaced(name, path) ?? StoreProblem(.foreign, subject: path, reason: "the name is not a digest"))
      }
    }
    guard store.references is RefsStore else { return }
    try forEachName(in: "refs", .references) { (name, path) throws(CASError) in
      if let text = String(validating: name, as: UTF8.self), ReferenceFileName.decode(text) != nil { return }
      try report(StoreProblem(.foreign, subject: path, reason: "the name is not an encoded reference name"))
    }
  }

  /// The problem of a file that is called like a blob but is not where that blob belongs; `nil` for other names.
  private func misplaced(_ name: [UInt8], _ path: String) -> StoreProblem? {
    let text = String(decoding: name, as: UTF8.self)
    for algorithm in Digest.Algorithm.allCases where Digest(algorithm, hex: text.lowercased()) != nil {
      let place = "blobs/\(algorithm.rawValue)/\(text.lowercased())"
      return StoreProblem(.misplaced, subject: path, reason: "expected place: \(place)")
    }
    return nil
  }

  /// Runs `body` for every name in a directory of the store that is not a tool's, with its bytes and its printable path.
  private func forEachName(
    in directory: String, _ place: ToolLeftovers.Place, _ body: ([UInt8], String) throws(CASError) -> Void
  ) throws(CASError) {
    let names: DirectoryStream
    do throws(Errno) {
      names = try DirectoryStream(store.links.openDirectory(directory, in: store.root))
    } catch {
      if error == .noSuchFileOrDirectory { return }
      throw CASError(error, context, file: directory)
    }
    let prefix = directory.sameBytes(as: ".") ? "" : directory + "/"
    while let name = try mappingErrno(context.on(directory), try names.nextBytes()) {
      try store.check(context)
      try context.checkCancellation()
      if ToolLeftovers.contains(name, in: place) { continue }
      try body(name, prefix + Self.printable(name))
    }
  }

  /// A name as text; if it is not UTF-8, its bytes beyond ASCII become `\x` and two hex digits.
  private static func printable(_ name: [UInt8]) -> String {
    if let text = String(validating: name, as: UTF8.self) { return text }
    return name.map { $0 < 0x80 ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }.joined()
  }
}
