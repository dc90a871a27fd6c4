/// A hash table of nodes by parent and name: open addressing with linear probing, four bytes a place.
struct NameTable {
  private static let empty: Int32 = -1
  private static let erased: Int32 = -2

  private var places = [Int32](repeating: NameTable.empty, count: 64)
  private var used = 0

  /// Finds the node for which `isMatch` holds among those with a hash.
  func find(_ hash: UInt64, _ isMatch: (Int32) -> Bool) -> Int32? {
    var place = Int(truncatingIfNeeded: hash) & (places.count - 1)
    while places[place] != Self.empty {
      if places[place] >= 0, isMatch(places[place]) { return places[place] }
      place = (place + 1) & (places.count - 1)
    }
    return nil
  }

  /// Adds a node that is not in the table.
  ///
  /// - Parameter hashOf: returns the hash of a node.
  mutating func insert(_ node: Int32, _ hash: UInt64, hashOf: (Int32) -> UInt64) {
    if (used + 1) * 4 > places.count * 3 { grow(hashOf) }
    place(node, hash)
  }

  /// Removes a node.
  mutating func remove(_ node: Int32, _ hash: UInt64) {
    var place = Int(truncatingIfNeeded: hash) & (places.count - 1)
    while places[place] != Self.empty {
      if places[place] == node {
        places[place] = Self.erased
        return
      }
      place = (place + 1) & (places.count - 1)
    }
  }

  private mutating func place(_ node: Int32, _ hash: UInt64) {
    var place = Int(truncatingIfNeeded: hash) & (places.count - 1)
    while places[place] != Self.empty { place = (place + 1) & (places.count - 1) }
    places[place] = node
    used += 1
  }

  private mutating func grow(_ hashOf: (Int32) -> UInt64) {
    let nodes = places.filter { $0 >= 0 }
    // Erased places count as used until here, so the table may also keep its size.
    var size = places.count
    while (nodes.count + 1) * 2 > size { size *= 2 }
    places = [Int32](repeating: Self.empty, count: size)
    used = 0
    for node in nodes { place(node, hashOf(node)) }
  }
}
