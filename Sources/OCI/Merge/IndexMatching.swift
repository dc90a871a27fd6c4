/// The correspondence between the entries of two versions of an index: a one-to-one assignment of old entries to new ones.
///
/// An entry has no identifier. One name may stand for several entries, one digest may be in several, and even equal entries
/// may be repeated. So the most similar entries are assigned first:
/// 1. entries of equal text, in their order, and near those entries of the same tokens;
/// 2. entries of equal values, in their order;
/// 3. entries of one name, digest, platform and type of artifact;
/// 4. entries of one name and digest.
///
/// Steps 3 and 4 assign an entry only if no other one is left that could be meant, on either side. The others were removed
/// or added. An entry of another digest is always another entry, because its members describe other content.
struct IndexMatching: Sendable {
  /// An old entry and what it has become.
  struct Pair: Sendable {
    let old: Int
    let new: Int
  }

  /// How far entries are compared.
  enum Depth {
    /// Step 1.
    case text
    /// Steps 1 to 3.
    case traits
    /// All steps.
    case key
  }

  /// The most entries of one name and digest that are searched one by one.
  private static let shortCount = 16

  /// The entries of the old version that the new one has not.
  private(set) var removed: [Int]
  /// The entries of the new version that the old one has not.
  private(set) var added: [Int]
  /// The entries of equal values and different texts: steps 1 and 2.
  private(set) var rewritten: [Pair] = []
  /// The entries of different values: steps 3 and 4.
  private(set) var edited: [Pair] = []
  /// The number of entries that both versions begin with.
  private let prefix: Int
  /// Where the entries begin that both versions end with.
  private let tails: Pair
  private var forward: [Int: Int] = [:]
  private var backward: [Int: Int] = [:]

  /// Compares two versions.
  init(_ old: IndexText, _ new: IndexText, _ depth: Depth = .key) {
    (prefix, tails) = IndexText.commonEntries(old, new)
    removed = Array(prefix..<tails.old)
    added = Array(prefix..<tails.new)
    compare(old, new, depth)
  }

  /// Compares some entries of two versions.
  init(_ old: IndexText, _ removed: [Int], _ new: IndexText, _ added: [Int], _ depth: Depth) {
    (prefix, tails) = (0, Pair(old: .max, new: .max))
    (self.removed, self.added) = (removed, added)
    compare(old, new, depth)
  }

  /// Whether each entry has an equal one.
  var isUnchanged: Bool { removed.isEmpty && added.isEmpty && edited.isEmpty }

  /// Whether the entries that both versions have are in one order.
  var isOrdered: Bool {
    var last = -1
    for new in backward.keys.sorted() {
      guard let old = backward[new] else { continue }
      if old < last { return false }
      last = old
    }
    return true
  }

  /// The new position of an old entry; `nil` if it was removed.
  func new(of old: Int) -> Int? {
    if old < prefix { return old }
    return old < tails.old ? forward[old] : old - tails.old + tails.new
  }

  /// The old position of a new entry; `nil` if it was added.
  func old(of new: Int) -> Int? {
    if new < prefix { return new }
    return new < tails.new ? backward[new] : new - tails.new + tails.old
  }

  private mutating func compare(_ old: IndexText, _ new: IndexText, _ depth: Depth) {
    if removed.isEmpty || added.isEmpty { return }
    if depth != .text { assignNeighbors(old, new) }
    assignEqualTexts(old, new)
    // Entries of one name and digest have one hash; values are made of no others.
    let common = Set(removed.map { old.items[$0].hashes }).intersection(added.map { new.items[$0].hashes })
    if depth == .text || common.isEmpty { return }
    var left = removed.filter { common.contains(old.items[$0].hashes) }.map { IndexEntry(old, $0) }
    var right = added.filter { common.contains(new.items[$0].hashes) }.map { IndexEntry(new, $0) }
    rewritten += assign(&left, &right, isUnique: false) { $0.value.canonical.serialized }
    edited = assign(&left, &right, isUnique: true, Traits.init)
    if depth == .key { edited += assign(&left, &right, isUnique: true, \.key) }
    removed.removeAll { forward[$0] != nil }
    added.removeAll { backward[$0] != nil }
  }

  /// Step 1 where both versions have the entries in about one order. A tool that writes other space than the one before
  /// changes the text of each entry, and the values of all of them would take dozens of times its memory.
  private mutating func assignNeighbors(_ old: IndexText, _ new: IndexText) {
    var (next, nextNew) = (0, 0)
    while next < removed.count, nextNew < added.count {
      let found = Self.neighbors.first { (skipped, skippedNew) in
        next + skipped < removed.count && nextNew + skippedNew < added.count
          && old.hasTokens(at: removed[next + skipped], of: new, at: added[nextNew + skippedNew])
      }
      if let (skipped, skippedNew) = found {
        next += skipped
        nextNew += skippedNew
        let (place, position) = (removed[next], added[nextNew])
        assign(place, position)
        if old.bytes(at: place) != new.bytes(at: position) { rewritten.append(Pair(old: place, new: position)) }
      }
      next += 1
      nextNew += 1
    }
    removed.removeAll { forward[$0] != nil }
    added.removeAll { backward[$0] != nil }
  }

  /// How many entries can be skipped on both sides: those that were removed, or added.
  private static let neighbors = [(0, 0), (1, 0), (0, 1), (2, 0), (0, 2)]

  /// Step 1. Tools shuffle entries, so all places are compared.
  private mutating func assignEqualTexts(_ old: IndexText, _ new: IndexText) {
    var places: [IndexEntryScanner.Hashes: [Int]] = [:]
    for position in removed.reversed() { places[old.items[position].hashes, default: []].append(position) }
    // A search of many entries of one name and digest for each would take a time with the square of their number.
    var texts: [ArraySlice<UInt8>: [Int]] = [:]
    for (hashes, group) in places where group.count > Self.shortCount {
      for position in group { texts[old.bytes(at: position), default: []].append(position) }
      places[hashes] = nil
    }
    for position in added {
      let hashes = new.items[position].hashes
      if let found = places[hashes]?.lastIndex(where: { old.bytes(at: $0) == new.bytes(at: position) }) {
        if let place = places[hashes]?.remove(at: found) { assign(place, position) }
      } else if !texts.isEmpty, let place = texts[new.bytes(at: position)]?.popLast() {
        assign(place, position)
      }
    }
    removed.removeAll { forward[$0] != nil }
    added.removeAll { backward[$0] != nil }
  }

  private mutating func assign(_ old: Int, _ new: Int) {
    forward[old] = new
    backward[new] = old
  }

  /// Assigns entries that have one key, and removes them from both lists.
  ///
  /// - Parameter isUnique: whether one entry on each side must have the key alone.
  private mutating func assign<Key: Hashable>(
    _ left: inout [IndexEntry], _ right: inout [IndexEntry], isUnique: Bool, _ key: (IndexEntry) -> Key
  ) -> [Pair] {
    if left.isEmpty || right.isEmpty { return [] }
    var places: [Key: [Int]] = [:]
    for entry in left.reversed() { places[key(entry), default: []].append(entry.position) }
    let keys = right.map(key)
    let counts = isUnique ? Dictionary(keys.map { ($0, 1) }, uniquingKeysWith: +) : [:]
    var pairs: [Pair] = []
    for (entry, key) in zip(right, keys) {
      if isUnique, counts[key] != 1 || places[key]?.count != 1 { continue }
      guard let place = places[key]?.popLast() else { continue }
      assign(place, entry.position)
      pairs.append(Pair(old: place, new: entry.position))
    }
    left.removeAll { forward[$0.position] != nil }
    right.removeAll { backward[$0.position] != nil }
    return pairs
  }

  /// The members by which tools tell entries of one name and digest apart.
  private struct Traits: Hashable {
    let key: IndexEntryKey
    let platform: [UInt8]?
    let artifactType: [UInt8]?

    init(_ entry: IndexEntry) {
      key = entry.key
      platform = entry.platform?.canonical.serialized
      artifactType = entry.value["artifactType"].flatMap { $0.isBlank ? nil : $0.canonical.serialized }
    }
  }
}
