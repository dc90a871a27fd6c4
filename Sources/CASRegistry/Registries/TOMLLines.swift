/// The lines of the settings of a TOML document, which TOMLKit does not tell.
struct TOMLLines {
  /// A part of the way from the document to a value.
  enum Step: Hashable {
    case key(String)
    case element(Int)
  }

  private var lines: [[Step]: Int] = [:]
  /// The numbers of the `[[NAME]]` so far, by their paths.
  private var counts: [[Step]: Int] = [:]

  init(_ statements: [TOMLStatement]) {
    var table: [Step] = []
    for statement in statements {
      if statement.isHeader {
        table = path(to: statement.path, from: [], isElement: statement.isElementHeader)
        record(table, statement.line)
      } else {
        let path = table + statement.path.map { .key($0) }
        record(path, statement.line)
        for (index, line) in statement.elementLines.enumerated() { lines[path + [.element(index)]] = line }
      }
    }
  }

  /// The line of a value's definition; `nil` for a value within another one.
  subscript(_ path: [Step]) -> Int? { lines[path] }

  /// Keeps the line for a path, and for those tables on the way that no statement defined before.
  private mutating func record(_ path: [Step], _ line: Int) {
    for length in path.indices.map({ $0 + 1 }) where lines[Array(path.prefix(length))] == nil {
      lines[Array(path.prefix(length))] = line
    }
  }

  /// The path of a header's table: the way through an array leads into its last element.
  private mutating func path(to names: [String], from start: [Step], isElement: Bool) -> [Step] {
    var path = start
    for (index, name) in names.enumerated() {
      path.append(.key(name))
      if isElement, index == names.count - 1 { counts[path, default: 0] += 1 }
      if let count = counts[path] { path.append(.element(count - 1)) }
    }
    return path
  }
}
