/// Finds, among named entries, one that says all that another entry of its digest says.
///
/// A comparison with each of very many entries would take a time with the square of their number. The entries that have a
/// member or an annotation are therefore listed by it, and an entry is compared with those that have the rarest of its own.
struct CoveringEntries {
  /// The entries of one digest.
  private struct Group {
    var entries: [IndexEntry] = []
    /// The places in ``entries`` of those that have a member or an annotation.
    var places: [IndexEntry.Statement: [Int]] = [:]
  }

  /// The most entries that one is compared with. Among very many that have each of its members, but not all of them
  /// together, one could be found only by a comparison with nearly all.
  static let maximumComparisons = 64

  private var groups: [[UInt8]: Group] = [:]
  /// The number of comparisons until now.
  private(set) var comparisons = 0

  init(_ entries: some Sequence<IndexEntry>) {
    for entry in entries {
      let place = groups[entry.key.digest]?.entries.count ?? 0
      groups[entry.key.digest, default: Group()].entries.append(entry)
      for statement in entry.statements {
        groups[entry.key.digest]?.places[statement, default: []].append(place)
      }
    }
  }

  /// Whether an entry says no more than one of these.
  mutating func cover(_ entry: IndexEntry) -> Bool {
    guard let group = groups[entry.key.digest] else { return false }
    var rarest: [Int]?
    for statement in entry.statements {
      guard let places = group.places[statement] else { return false }
      if places.count < rarest?.count ?? .max { rarest = places }
    }
    for place in (rarest ?? Array(group.entries.indices)).prefix(Self.maximumComparisons) {
      comparisons += 1
      if entry.saysNoMore(than: group.entries[place]) { return true }
    }
    return false
  }
}
