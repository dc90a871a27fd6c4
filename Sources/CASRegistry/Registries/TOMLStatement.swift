internal import TOMLKit

/// A statement of a TOML document: the header of a table, or the assignment to a key.
struct TOMLStatement: Hashable {
  /// The header with its brackets, or the key before the equals sign.
  var head: String
  /// The line where the statement begins, from 1.
  var line: Int
  /// The lines where the elements of an array begin.
  var elementLines: [Int] = []

  var isHeader: Bool { head.hasPrefix("[") }
  /// Whether the header adds an element to an array.
  var isElementHeader: Bool { head.hasPrefix("[[") }

  /// The parts of the key, or of the header's name.
  var path: [String] {
    var parts: [String] = []
    var table = try? TOMLTable(string: isHeader ? head : "\(head) = 0")
    while let current = table, let name = current.keys.first {
      parts.append(name)
      let value = current[name]
      if let array = value?.array, array.count > 0 {
        table = array[0].table
      } else {
        table = value?.table
      }
    }
    return parts
  }
}
