import CAS
import CASPlatform
import OCI

@testable import CASDirectory
@testable import StoreTree

/// Each line is a name.
func fuzzNames(_ input: [UInt8]) {
  var pieces = Pieces(input)
  var names: [ReferenceName] = []
  while !pieces.isEmpty, names.count < 50 {
    let line = pieces.bytes(upTo: 0x0A)
    checkNameText(line)
    guard let text = String(validating: line, as: UTF8.self) else { continue }
    if let decoded = ReferenceFileName.decode(text) {
      require(ReferenceFileName.encode(decoded)?.sameBytes(as: text) ?? false, "\(text) is another's file")
    }
    guard let name = try? ReferenceName(reading: text) else { continue }
    require(name.description.sameBytes(as: text), "read as \(name)")
    require(!name.isGrammatical || (try? ReferenceName(text)) == name, "grammatical, and refused")
    checkFileName(name)
    if !names.contains(name) { names.append(name) }
  }
  checkPaths(names)
}

private func checkNameText(_ bytes: [UInt8]) {
  guard !bytes.isEmpty, !bytes.contains(0) else { return }
  let text = NameText.text(of: bytes)
  require(NameText.bytes(of: text) == bytes, "the bytes of a name's text are others")
  require(NameText.length(of: text) == bytes.count, "a name's length")
}

private func checkFileName(_ name: ReferenceName) {
  guard let file = ReferenceFileName.encode(name) else { return }
  require(ReferenceFileName.decode(file) == name, "\(file) does not lead back")
  require(!file.isEmpty && file.utf8.count <= 255 && file.utf8.first != UInt8(ascii: "."), "no name of a file: \(file)")
  require(!file.utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "/") || $0 == 0x7F }, "no name of a file: \(file)")
}

/// Every name has a unique path, and a walk finds all of them.
private func checkPaths(_ names: [ReferenceName]) {
  let paths = ReferencePaths(names, modified: .now)
  var shown = 0
  for name in names {
    let path = paths.path(of: name)
    for component in path { require((try? FileName.check(component.text)) != nil || path.isTooLong, "\(component)") }
    if path.isTooLong { continue }
    shown += 1
    require(paths[path]?.name == name, "\(name) is not at its path")
    require(!paths.isDirectory(path), "\(name) is a directory too")
    for count in 0..<path.count {
      require(paths.isDirectory(Array(path[..<count])), "\(name) is in no directory")
      require(paths.children(of: Array(path[..<count])).map(\.name).contains(path[count]), "\(name) is not listed")
    }
  }
  require(count(below: [], paths, depth: 0) == shown, "a walk finds others")
}

private func count(below path: [FileName], _ paths: ReferencePaths, depth: Int) -> Int {
  let children = paths.children(of: path).map(\.name)
  require(Set(children).count == children.count, "a name is listed twice")
  return children.reduce(0) { (sum, name) in
    let child = path + [name]
    return sum + (paths[child] != nil ? 1 : depth < 2100 ? count(below: child, paths, depth: depth + 1) : 0)
  }
}

extension [FileName] {
  fileprivate var isTooLong: Bool { contains { $0.text.utf8.count > FileName.maximumLength } }
}

func fuzzReferenceText(_ input: [UInt8]) {
  guard let text = try? ReferenceText(input) else { return }
  let whole: [UInt8]
  switch text {
  case .digest(let digest): whole = Array(digest.description.utf8)
  case .descriptor(let descriptor):
    whole = Array(descriptor.description.utf8)
    guard case .descriptor(let again) = try? ReferenceText(whole) else { fatalError("what is shown cannot be written") }
    require(again == descriptor, "what is shown is another")
  }
  // The first of two parts is not an error.
  for text in [whole, input] where !(text.first.map { $0 <= 0x20 } ?? true) {
    for count in 0..<min(text.count, 300) {
      let prefix = Array(text[..<count])
      require(ReferenceText.isUnfinished(prefix) || (try? ReferenceText(prefix)) != nil, "\(count) bytes are an error")
    }
  }
}
