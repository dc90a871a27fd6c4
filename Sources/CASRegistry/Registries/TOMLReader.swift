/// A reader of TOML 1.0.0 documents. Numbers, dates and times are recognised, and not evaluated.
///
/// The packages that read TOML link all of Foundation, whose loading would delay the start of every command, and Debian's
/// libraries would have to be installed for each build. Their values do not tell the line, which messages about wrong
/// settings need.
struct TOMLReader {
  /// The deepest nesting of arrays and inline tables.
  private static let maximumDepth = 64

  var scanner: TOMLScanner

  /// Reads a document.
  ///
  /// - Returns: the table of its top level.
  static func read(_ text: String) throws(TOMLError) -> TOMLTable {
    var reader = TOMLReader(scanner: TOMLScanner(text))
    let root = TOMLTable(.header, line: 1)
    var current = root
    while try reader.scanner.skipToStatement() {
      if reader.scanner.take("[[") {
        current = try reader.elementHeader(in: root)
      } else if reader.scanner.take("[") {
        current = try reader.header(in: root)
      } else {
        try reader.assignment(in: current)
      }
      try reader.scanner.endOfLine()
    }
    return root
  }

  /// Reads the rest of `[NAME]`.
  private mutating func header(in root: TOMLTable) throws(TOMLError) -> TOMLTable {
    let (parent, name, line) = try target(endingWith: "]", in: root, .implicit)
    guard let known = parent.values[name] else {
      let table = TOMLTable(.header, line: line)
      parent.values[name] = TOMLValue(content: .table(table), line: line)
      return table
    }
    guard case .table(let table) = known.content, table.origin == .implicit else {
      throw TOMLError(line: line, reason: "repeated definition of \(name)")
    }
    table.origin = .header
    return table
  }

  /// Reads the rest of `[[NAME]]`, which adds an element to an array.
  private mutating func elementHeader(in root: TOMLTable) throws(TOMLError) -> TOMLTable {
    let (parent, name, line) = try target(endingWith: "]]", in: root, .implicit)
    var elements: [TOMLValue] = []
    if let known = parent.values[name] {
      guard case .array(let others, isStatic: false) = known.content else {
        throw TOMLError(line: line, reason: "repeated definition of \(name)")
      }
      elements = others
    }
    let table = TOMLTable(.header, line: line)
    elements.append(TOMLValue(content: .table(table), line: line))
    parent.values[name] = TOMLValue(content: .array(elements, isStatic: false), line: line)
    return table
  }

  /// Reads `KEY = VALUE` into a table.
  private mutating func assignment(in table: TOMLTable, depth: Int = 0) throws(TOMLError) {
    let (parent, name, line) = try target(endingWith: "=", in: table, .dotted)
    guard parent.values[name] == nil else { throw TOMLError(line: line, reason: "repeated key \(name)") }
    parent.values[name] = try value(depth: depth)
  }

  /// Reads a key and the token after it.
  ///
  /// - Returns: the table that the last part of the key belongs to, that part, and the line.
  private mutating func target(
    endingWith token: String, in table: TOMLTable, _ origin: TOMLTable.Origin
  ) throws(TOMLError) -> (parent: TOMLTable, name: String, line: Int) {
    let line = scanner.line
    let path = try scanner.key()
    try scanner.require(token)
    return (try descend(path.dropLast(), from: table, origin, line), path[path.count - 1], line)
  }

  /// The table at a path, made as far as it does not exist; through an array, the way leads into its last element.
  private func descend(
    _ path: ArraySlice<String>, from table: TOMLTable, _ origin: TOMLTable.Origin, _ line: Int
  ) throws(TOMLError) -> TOMLTable {
    var table = table
    for name in path {
      let next: TOMLTable
      switch table.values[name]?.content {
      case nil:
        next = TOMLTable(origin, line: line)
        table.values[name] = TOMLValue(content: .table(next), line: line)
      case .table(let known)? where known.origin != .inline && (origin == .implicit || known.origin == .dotted):
        next = known
      case .array(let elements, isStatic: false)? where origin == .implicit:
        guard case .table(let last)? = elements.last?.content else {
          throw TOMLError(line: line, reason: "repeated definition of \(name)")
        }
        next = last
      default: throw TOMLError(line: line, reason: "repeated definition of \(name)")
      }
      table = next
    }
    return table
  }

  private mutating func value(depth: Int) throws(TOMLError) -> TOMLValue {
    scanner.skipBlanks()
    let line = scanner.line
    guard depth < Self.maximumDepth else { throw TOMLError(line: line, reason: "too deeply nested value") }
    if let text = try scanner.string() { return TOMLValue(content: .string(text), line: line) }
    if scanner.take("[") { return TOMLValue(content: .array(try elements(depth: depth), isStatic: true), line: line) }
    if scanner.take("{") {
      let table = TOMLTable(.inline, line: line)
      try members(of: table, depth: depth)
      return TOMLValue(content: .table(table), line: line)
    }
    switch scanner.word() {
    case "true": return TOMLValue(content: .boolean(true), line: line)
    case "false": return TOMLValue(content: .boolean(false), line: line)
    case let word where Self.isNumeric(word): return TOMLValue(content: .other, line: line)
    default: throw TOMLError(line: line, reason: "invalid value")
    }
  }

  /// Reads the rest of an array, which may span lines.
  private mutating func elements(depth: Int) throws(TOMLError) -> [TOMLValue] {
    var elements: [TOMLValue] = []
    while true {
      try scanner.skipLines()
      if scanner.take("]") { return elements }
      elements.append(try value(depth: depth + 1))
      try scanner.skipLines()
      if scanner.take("]") { return elements }
      try scanner.require(",")
    }
  }

  /// Reads the rest of an inline table.
  private mutating func members(of table: TOMLTable, depth: Int) throws(TOMLError) {
    scanner.skipBlanks()
    if scanner.take("}") { return }
    while true {
      scanner.skipBlanks()
      try assignment(in: table, depth: depth + 1)
      scanner.skipBlanks()
      if scanner.take("}") { break }
      try scanner.require(",")
    }
    Self.close(table)
  }

  /// Makes the tables that dotted keys defined in an inline table as closed as the table itself.
  private static func close(_ table: TOMLTable) {
    for value in table.values.values {
      guard case .table(let inner) = value.content, inner.origin == .dotted else { continue }
      inner.origin = .inline
      close(inner)
    }
  }

  /// Whether a word begins like a number, a date or a time.
  private static func isNumeric(_ word: String) -> Bool {
    let digits = word.drop { $0 == "+" || $0 == "-" }
    return ["inf", "nan"].contains(digits) || digits.first.map { $0.isASCII && $0.isNumber } == true
  }
}
