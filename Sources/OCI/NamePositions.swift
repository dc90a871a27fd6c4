/// The positions of names in a list, found in a constant time however many there are.
///
/// Names are the same if their UTF-8 bytes are; `Dictionary<String, Int>` would compare by canonical equivalence.
struct NamePositions {
  /// The most names among which a search is as quick as a table.
  private static let shortCount = 16
  private var list: [String] = []
  private var table: [[UInt8]: Int] = [:]

  /// Starts with the names of a list; the first of equal ones is found.
  init(_ names: some Sequence<String> = EmptyCollection()) {
    for (position, name) in names.enumerated() { insert(name, position) }
  }

  /// The position of a name; `nil` if it is absent.
  subscript(name: String) -> Int? {
    table.isEmpty ? list.firstIndex { $0.sameBytes(as: name) } : table[Array(name.utf8)]
  }

  /// Adds a name, unless it is there.
  ///
  /// - Returns: whether it was added.
  @discardableResult mutating func insert(_ name: String, _ position: Int) -> Bool {
    guard self[name] == nil else { return false }
    if table.isEmpty, list.count == position, position < Self.shortCount {
      list.append(name)
      return true
    }
    if table.isEmpty {
      for (position, name) in list.enumerated() { table[Array(name.utf8)] = position }
      list = []
    }
    table[Array(name.utf8)] = position
    return true
  }
}
