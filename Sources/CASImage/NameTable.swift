/// A hash table of nodes by parent and name: open addressing with linear probing. A place has the hash beside the node, so
/// that a search reads the names of almost no other nodes, and growing reads none.
struct NameTable {
  private struct Place {
    var node: Int32
    var hash: UInt32
  }

  private static let empty: Int32 = -1
  private static let erased: Int32 = -2
  /// The largest memory of a node, in bytes: just after a growth, half of the places are empty.
  static let nodeSize = 2 * MemoryLayout<Place>.stride

  private var places = [Place](repeating: Place(node: NameTable.empty, hash: 0), count: 64)
  private var used = 0

  /// Finds the node for which `isMatch` holds among those with a hash.
  func find(_ hash: UInt32, _ isMatch: (Int32) -> Bool) -> Int32? {
    var number = Int(hash) & (places.count - 1)
    while places[number].node != Self.empty {
      let place = places[number]
      if place.hash == hash, place.node >= 0, isMatch(place.node) { return place.node }
      number = (number + 1) & (places.count - 1)
    }
    return nil
  }

  /// Adds a node that is not in the table.
  mutating func insert(_ node: Int32, _ hash: UInt32) {
    if (used + 1) * 4 > places.count * 3 { grow(for: 1) }
    place(Place(node: node, hash: hash))
  }

  /// Makes room for more nodes.
  mutating func reserve(_ count: Int) {
    if (used + count) * 4 > places.count * 3 { grow(for: count) }
  }

  /// Removes a node.
  mutating func remove(_ node: Int32, _ hash: UInt32) {
    var number = Int(hash) & (places.count - 1)
    while places[number].node != Self.empty {
      if places[number].node == node {
        places[number].node = Self.erased
        return
      }
      number = (number + 1) & (places.count - 1)
    }
  }

  private mutating func place(_ place: Place) {
    var number = Int(place.hash) & (places.count - 1)
    while places[number].node != Self.empty { number = (number + 1) & (places.count - 1) }
    places[number] = place
    used += 1
  }

  private mutating func grow(for count: Int) {
    let old = places.filter { $0.node >= 0 }
    // Erased places count as used until here, so the table may also keep its size.
    var size = places.count
    while (old.count + count) * 4 > size * 3 || (old.count + 1) * 2 > size { size *= 2 }
    places = [Place](repeating: Place(node: Self.empty, hash: 0), count: size)
    used = 0
    for entry in old { place(entry) }
  }
}
