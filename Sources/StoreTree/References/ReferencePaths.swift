import CAS
import CASPlatform
import OCI

/// The references of a store, sorted by their paths below `refs`.
///
/// The paths below a directory are adjacent, so directories are ranges and are not stored: one name can be in two
/// thousand of them.
struct ReferencePaths: Sendable {
  /// A path as bytes, with 0 between its components. No name has that byte, and it sorts before every other.
  private typealias Key = [UInt8]

  private struct Entry: Sendable {
    var key: Key
    var reference: ListedReference
  }

  private static let separator: UInt8 = 0
  private var entries: [Entry] = []

  /// Assigns a path to every reference, except to one with a component longer than a file name.
  ///
  /// - Parameter former: the paths before; an entry that did not change keeps its modification time.
  init(_ references: [ListedReference], after former: ReferencePaths? = nil) {
    var sorted = references.map { Entry(key: Self.key(of: $0.name), reference: $0) }
    sorted.sort { $0.key.lexicographicallyPrecedes($1.key) }
    // Names below a reference follow it immediately, so comparing with the last one that is below no other is enough.
    var top: Key?
    for entry in sorted {
      let isBelow = top.map { Self.isBelow(entry.key, $0) } ?? false
      if !isBelow { top = entry.key }
      let path = Self.path(of: entry.reference.name, isFlat: isBelow)
      guard path.allSatisfy({ $0.text.utf8.count <= FileName.maximumLength }) else { continue }
      entries.append(Entry(key: Self.key(path), reference: entry.reference))
    }
    entries.sort { $0.key.lexicographicallyPrecedes($1.key) }
    if let former { keepTimes(of: former) }
  }

  private mutating func keepTimes(of former: ReferencePaths) {
    var old = former.entries[...]
    for index in entries.indices {
      old = old.drop { $0.key.lexicographicallyPrecedes(entries[index].key) }
      guard let first = old.first else { return }
      if first.key == entries[index].key, first.reference.isSame(as: entries[index].reference) {
        entries[index].reference.modified = first.reference.modified
      }
    }
  }

  /// The reference at a path.
  subscript(path: [FileName]) -> ListedReference? {
    let key = Self.key(path)
    let index = firstIndex(from: key)
    return index < entries.count && entries[index].key == key ? entries[index].reference : nil
  }

  /// Whether a path is the root or a prefix of a reference's path.
  func isDirectory(_ path: [FileName]) -> Bool {
    if path.isEmpty { return true }
    let prefix = Self.key(path) + [Self.separator]
    let index = firstIndex(from: prefix)
    return index < entries.count && entries[index].key.starts(with: prefix)
  }

  /// The names in a directory.
  func children(of path: [FileName]) -> [FileName] {
    let prefix = path.isEmpty ? [] : Self.key(path) + [Self.separator]
    var names: [FileName] = []
    var index = firstIndex(from: prefix)
    while index < entries.count, entries[index].key.starts(with: prefix) {
      let name = entries[index].key.dropFirst(prefix.count).prefix { $0 != Self.separator }
      names.append(FileName(String(decoding: name, as: UTF8.self)))
      let isLast = prefix.count + name.count == entries[index].key.count
      index = isLast ? index + 1 : firstIndex(from: prefix + name + [Self.separator + 1])
    }
    return names
  }

  /// The path that a reference with this name has, or would have.
  func path(of name: ReferenceName) -> [FileName] {
    let nested = Self.path(of: name, isFlat: false)
    let isBelow = nested.indices.dropFirst().contains { self[Array(nested[..<$0])] != nil }
    return isBelow ? Self.path(of: name, isFlat: true) : nested
  }

  /// The index of the first entry that is not before a key: a binary search.
  private func firstIndex(from key: Key) -> Int {
    var range = entries.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if entries[middle].key.lexicographicallyPrecedes(key) {
        range = middle + 1..<range.upperBound
      } else {
        range = range.lowerBound..<middle
      }
    }
    return range.lowerBound
  }

  private static func isBelow(_ key: Key, _ other: Key) -> Bool {
    key.count > other.count && key[other.count] == separator && key.starts(with: other)
  }

  private static func key(of name: ReferenceName) -> Key {
    name.description.utf8.map { $0 == UInt8(ascii: "/") ? separator : $0 }
  }

  private static func key(_ path: [FileName]) -> Key {
    Array(path.map(\.text.utf8).joined(separator: [separator]))
  }

  private static func path(of name: ReferenceName, isFlat: Bool) -> [FileName] {
    if isFlat { return [FileName(ReferenceView.escaped(name.description))] }
    return name.description.utf8.split(separator: UInt8(ascii: "/")).map {
      FileName(ReferenceView.escaped(String(decoding: $0, as: UTF8.self)))
    }
  }
}
