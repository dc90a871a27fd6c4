@testable import OCI

/// The first line is a name; what follows is an index.
func fuzzIndex(_ input: [UInt8]) {
  var pieces = Pieces(input)
  let line = pieces.bytes(upTo: 0x0A)
  let content = pieces.remainder
  guard let index = try? ImageIndex(parsing: content) else { return }
  guard let value = try? JSON(parsing: content) else { fatalError("an index that is no JSON") }
  let entries = rawEntries(content)
  require(entries.count == index.entries.count, "\(index.entries.count) entries in place of \(entries.count)")
  let descriptor = Descriptor(
    mediaType: "text/plain", digest: index.entries.lazy.compactMap { try? $0.descriptor.get().digest }.first ?? zero,
    size: 7)
  let given = (try? ReferenceName(reading: String(decoding: line, as: UTF8.self))).map { [$0] } ?? []
  for name in given + index.entries.prefix(3).flatMap({ [$0.name, $0.imageName].compactMap(\.self) }) {
    let isTaken = taken(index, name)
    let others = zip(entries, isTaken).filter { !$1 }.map(\.0)
    let edited = check(index.setting(descriptor, named: name), against: value)
    require(contains(rawEntries(edited.content), others), "set: other entries changed")
    require(edited.entry(named: name).flatMap { try? $0.descriptor.get() } == descriptor, "set: another is there")
    let removed = index.removing(name)
    require((removed == nil) == !isTaken.contains(true), "removed, or not")
    if let removed {
      require(contains(rawEntries(check(removed, against: value).content), others), "removed: other entries changed")
    }
    checkMove(index, name, value)
  }
}

/// Which entries a change of a name concerns.
private func taken(_ index: ImageIndex, _ name: ReferenceName) -> [Bool] {
  let positions = index.positions(changedBy: name)
  return index.entries.indices.map { positions.contains($0) }
}

/// Whether entries are among others, in their order.
private func contains(_ entries: [[UInt8]], _ part: [[UInt8]]) -> Bool {
  var rest = part[...]
  for entry in entries where entry == rest.first { rest.removeFirst() }
  return rest.isEmpty
}

private let zero: Digest = {
  guard let digest = Digest(.sha256, bytes: [UInt8](repeating: 0, count: 32)) else { fatalError("no digest") }
  return digest
}()

private func checkMove(_ index: ImageIndex, _ name: ReferenceName, _ value: JSON) {
  guard let other = try? ReferenceName("moved") else { return }
  let old = index.entry(named: name).flatMap { try? $0.descriptor.get() }
  guard let content = index.moving(name, to: other) else {
    require(old == nil || name == other, "not moved")
    return
  }
  let moved = check(content, against: value)
  require(
    moved.entries.count >= index.entries.count - taken(index, other).count { $0 }, "moved: entries are gone")
  require(moved.entry(named: other).flatMap { try? $0.descriptor.get() } == old, "moved: it is another")
}

/// The index after a change, in which everything else must be unchanged.
private func check(_ content: [UInt8], against value: JSON) -> ImageIndex {
  guard let index = try? ImageIndex(parsing: content), let new = try? JSON(parsing: content) else {
    fatalError("a changed index is none")
  }
  require(others(new) == others(value), "other members changed")
  return index
}

private func others(_ value: JSON) -> [UInt8]? {
  guard case .object(let members) = value else { return nil }
  return JSON.object(members.filter { !$0.name.sameBytes(as: "manifests") }).serialized
}

/// The text of the entries of a valid index, found by brackets and commas, independently of the library.
private func rawEntries(_ content: [UInt8]) -> [[UInt8]] {
  var entries: [[UInt8]] = []
  var depth = 0
  var start: Int?
  var index = 0
  var name: ArraySlice<UInt8> = []
  var isList = false
  func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x0A, 0x0D, 0x09].contains(byte) }
  func finish(_ end: Int) {
    if let begin = start {
      var piece = content[begin..<end].drop(while: isSpace)
      while let last = piece.last, isSpace(last) { piece.removeLast() }
      if !piece.isEmpty { entries.append(Array(piece)) }
    }
  }
  while index < content.count {
    switch content[index] {
    case UInt8(ascii: "\""):
      let begin = index
      index += 1
      while content[index] != UInt8(ascii: "\"") { index += content[index] == UInt8(ascii: "\\") ? 2 : 1 }
      if depth == 1 { name = content[begin...index] }
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      depth += 1
      if depth == 2, content[index] == UInt8(ascii: "["),
        (try? JSON(parsing: Array(name)))?.text?.sameBytes(as: "manifests") ?? false
      {
        isList = true
        start = index + 1
      }
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      if depth == 2, isList {
        finish(index)
        isList = false
        start = nil
      }
      depth -= 1
    case UInt8(ascii: ",") where depth == 2 && isList:
      finish(index)
      start = index + 1
    default: break
    }
    index += 1
  }
  return entries
}
