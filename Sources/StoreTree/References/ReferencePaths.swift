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

  /// A reference: a million of them are kept.
  private struct Entry: Sendable {
    /// The place of the key in `keys`.
    var start: UInt32
    var count: UInt32
    /// The position in the index; -1 without one.
    var position: Int32
    var modified: Timestamp
  }

  private static let separator: UInt8 = 0
  /// The most bytes of `keys` beyond those in use.
  private static let unusedLimit = 64 << 10
  /// The keys, one after the other.
  private var keys: [UInt8] = []
  private var entries: [Entry] = []
  /// The index that the positions are of.
  private let index: ImageIndex?

  /// No path.
  init() {
    index = nil
  }

  private init(keys: [UInt8], index: ImageIndex) {
    self.keys = keys
    self.index = index
  }

  /// Assigns a path to every name, except to one with a component longer than a file name.
  ///
  /// - Parameter modified: the modification time.
  init(_ names: [ReferenceName], modified: Timestamp) {
    index = nil
    add(names.lazy.map { ($0, -1) }, modified: modified)
  }

  /// Assigns a path to names of an index, except to one with a component longer than a file name.
  ///
  /// - Parameter modified: the modification time of references that are new or changed.
  /// - Parameter former: the paths before; a reference that did not change keeps its modification time.
  init(_ names: [ImageIndex.NamedEntry], of index: ImageIndex, modified: Timestamp, after former: ReferencePaths?) {
    self.index = index
    add(names.lazy.map { ($0.name, Int32($0.position)) }, modified: modified)
    if let former { keepTimes(of: former) }
  }

  /// Returns the paths after few names of the index changed.
  ///
  /// - Parameter modified: the modification time of references that are new or changed.
  /// - Returns: `nil` if all paths are to be assigned anew: a changed name is nested with another one, whose path can change.
  func changed(by changes: ImageIndex.NameChanges, in index: ImageIndex, modified: Timestamp) -> ReferencePaths? {
    guard let formerIndex = self.index else { return nil }
    let names = Set(changes.names.lazy.map(\.name))
    var paths: [(key: Key, entry: ImageIndex.NamedEntry?)] = []
    for (name, entry) in changes.names {
      guard !isNested(name, among: names) else { return nil }
      let path = Self.path(ofName: Array(Self.key(of: name))[...], isFlat: false)
      if path.allSatisfy({ $0.text.utf8.count <= FileName.maximumLength }) { paths.append((Self.key(path), entry)) }
    }
    paths.sort { $0.key.lexicographicallyPrecedes($1.key) }
    var result = ReferencePaths(keys: keys, index: index)
    result.entries.reserveCapacity(entries.count + paths.count)
    var next = 0
    func keep(upTo end: Int) -> Bool {
      for var entry in entries[next..<end] {
        guard let position = changes.newPosition(of: Int(entry.position)) else { return false }
        entry.position = Int32(position)
        result.entries.append(entry)
      }
      next = end
      return true
    }
    for (key, entry) in paths {
      let place = firstIndex(from: key)
      guard keep(upTo: place) else { return nil }
      let former = place < entries.count && self.key(of: entries[place]).elementsEqual(key) ? entries[place] : nil
      if former != nil { next += 1 }
      guard let entry, entry.isDescriptor else { continue }
      var new = Entry(
        start: UInt32(result.keys.count), count: UInt32(key.count), position: Int32(entry.position),
        modified: modified)
      if let former {
        new.start = former.start
        let isSame = index.hasEntry(at: entry.position, of: formerIndex, at: Int(former.position))
        if isSame { new.modified = former.modified }
      } else {
        result.keys += key
      }
      result.entries.append(new)
    }
    guard keep(upTo: entries.count) else { return nil }
    let used = result.entries.reduce(0) { $0 + Int($1.count) }
    return result.keys.count <= used + max(used, Self.unusedLimit) ? result : nil
  }

  /// Whether a name is above or below another one, of those that are here or of some others.
  private func isNested(_ name: ReferenceName, among others: Set<ReferenceName>) -> Bool {
    let key = Array(Self.key(of: name))[...]
    let path = Self.path(ofName: key, isFlat: false)
    // The paths below it, and those of names below it that are shown flat.
    let flat = Self.key(Self.path(ofName: key, isFlat: true)) + Array("%2F".utf8)
    if isDirectory(path) || hasKey(beginningWith: flat) { return true }
    return path.indices.dropFirst().contains { (count) in
      let above = Array(path[..<count])
      return self[above] != nil || ReferenceView.name(of: above).map(others.contains) ?? false
    }
  }

  private mutating func add(_ names: some Collection<(ReferenceName, Int32)>, modified: Timestamp) {
    entries.reserveCapacity(names.count)
    for (name, position) in names {
      let start = keys.count
      keys.append(contentsOf: Self.key(of: name))
      entries.append(
        Entry(
          start: UInt32(start), count: UInt32(keys.count - start), position: position, modified: modified))
    }
    sort()
    // Names below a reference follow it immediately, so comparing with the last one that is below no other is enough.
    var top: Entry?
    var isChanged = false
    entries = entries.compactMap { (entry) in
      let isFlat = top.map { isBelow(entry, $0) } ?? false
      if !isFlat { top = entry }
      if !isFlat, isPlain(entry) { return entry }
      let path = Self.path(ofName: key(of: entry), isFlat: isFlat)
      guard path.allSatisfy({ $0.text.utf8.count <= FileName.maximumLength }) else { return nil }
      isChanged = true
      var entry = entry
      let key = Self.key(path)
      (entry.start, entry.count) = (UInt32(keys.count), UInt32(key.count))
      keys += key
      return entry
    }
    if isChanged { sort() }
  }

  private mutating func sort() {
    let keys = keys
    entries.sort { (first, second) in
      let count = min(first.count, second.count)
      for offset in 0..<count {
        let (left, right) = (keys[Int(first.start + offset)], keys[Int(second.start + offset)])
        if left != right { return left < right }
      }
      return first.count < second.count
    }
  }

  /// Whether the key of a name is that of its path too: no byte is escaped, and no component is longer than a file name.
  private func isPlain(_ entry: Entry) -> Bool {
    var length = 0
    for byte in key(of: entry) {
      length = byte == Self.separator ? 0 : length + 1
      guard byte == Self.separator || 0x20..<0x7F ~= byte, byte != UInt8(ascii: "%"), length <= FileName.maximumLength
      else { return false }
    }
    return true
  }

  private mutating func keepTimes(of former: ReferencePaths) {
    guard let index, let formerIndex = former.index else { return }
    var old = former.entries.startIndex
    for place in entries.indices {
      let key = key(of: entries[place])
      while old < former.entries.endIndex, former.key(of: former.entries[old]).lexicographicallyPrecedes(key) {
        old += 1
      }
      guard old < former.entries.endIndex else { return }
      let known = former.entries[old]
      if former.key(of: known) == key,
        index.hasEntry(at: Int(entries[place].position), of: formerIndex, at: Int(known.position))
      {
        entries[place].modified = known.modified
      }
    }
  }

  /// The reference at a path.
  subscript(path: [FileName]) -> ListedReference? {
    let key = Self.key(path)
    let place = firstIndex(from: key)
    guard place < entries.count, self.key(of: entries[place]).elementsEqual(key),
      let name = ReferenceView.name(of: path)
    else { return nil }
    let entry = entries[place]
    return ListedReference(
      name: name, entry: index.map { ($0, Int(entry.position)) }, modified: entry.modified)
  }

  /// Whether a path is the root or a prefix of a reference's path.
  func isDirectory(_ path: [FileName]) -> Bool {
    if path.isEmpty { return true }
    return hasKey(beginningWith: Self.key(path) + [Self.separator])
  }

  /// Whether a key begins with these bytes.
  private func hasKey(beginningWith prefix: Key) -> Bool {
    let place = firstIndex(from: prefix)
    return place < entries.count && key(of: entries[place]).starts(with: prefix)
  }

  /// The names in a directory, and whether each is a directory.
  func children(of path: [FileName]) -> [(name: FileName, isDirectory: Bool)] {
    let prefix = path.isEmpty ? [] : Self.key(path) + [Self.separator]
    var names: [(name: FileName, isDirectory: Bool)] = []
    var place = firstIndex(from: prefix)
    while place < entries.count, key(of: entries[place]).starts(with: prefix) {
      let rest = key(of: entries[place]).dropFirst(prefix.count)
      let name = rest.prefix { $0 != Self.separator }
      let isLast = name.count == rest.count
      names.append((FileName(String(decoding: name, as: UTF8.self)), !isLast))
      place = isLast ? place + 1 : firstIndex(from: prefix + name + [Self.separator + 1])
    }
    return names
  }

  /// The path that a reference with this name has, or would have.
  func path(of name: ReferenceName) -> [FileName] {
    let key = Array(Self.key(of: name))
    let nested = Self.path(ofName: key[...], isFlat: false)
    let isBelow = nested.indices.dropFirst().contains { self[Array(nested[..<$0])] != nil }
    return isBelow ? Self.path(ofName: key[...], isFlat: true) : nested
  }

  private func key(of entry: Entry) -> ArraySlice<UInt8> {
    keys[Int(entry.start)..<Int(entry.start + entry.count)]
  }

  /// The index of the first entry that is not before a key: a binary search.
  private func firstIndex(from key: Key) -> Int {
    var range = entries.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if self.key(of: entries[middle]).lexicographicallyPrecedes(key) {
        range = middle + 1..<range.upperBound
      } else {
        range = range.lowerBound..<middle
      }
    }
    return range.lowerBound
  }

  private func isBelow(_ entry: Entry, _ other: Entry) -> Bool {
    entry.count > other.count && keys[Int(entry.start + other.count)] == Self.separator
      && key(of: entry).starts(with: key(of: other))
  }

  /// The key of a name whose path is nested and has no escaped bytes.
  private static func key(of name: ReferenceName) -> LazyMapSequence<String.UTF8View, UInt8> {
    name.description.utf8.lazy.map { $0 == UInt8(ascii: "/") ? separator : $0 }
  }

  private static func key(_ path: [FileName]) -> Key {
    var key: Key = []
    key.reserveCapacity(path.reduce(path.count) { $0 + $1.text.utf8.count })
    for name in path {
      if !key.isEmpty { key.append(separator) }
      key.append(contentsOf: name.text.utf8)
    }
    return key
  }

  /// The path of a name that is there as a key.
  private static func path(ofName key: ArraySlice<UInt8>, isFlat: Bool) -> [FileName] {
    let components = key.split(separator: separator).map { String(decoding: $0, as: UTF8.self) }
    let names = isFlat ? [components.joined(separator: "/")] : components
    return names.map { FileName(ReferenceView.escaped($0)) }
  }
}
