internal import TOMLKit

/// A TOML 1.0.0 document, which TOMLKit reads.
///
/// TOMLKit releases no memory, and ends a text at a NUL. Documents are therefore read once, and those with a NUL are
/// rejected.
enum TOMLDocument {
  /// Reads a document.
  ///
  /// - Throws: `TOMLError` for a text that is not TOML, or is too deeply nested.
  static func read(_ text: String) throws(TOMLError) -> SettingTable {
    let statements = try TOMLScanner.statements(of: text)
    let root = try parse(text)
    return table(root, at: [], TOMLLines(statements), line: 1)
  }

  private static func parse(_ text: String) throws(TOMLError) -> TOMLTable {
    do {
      return try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      // The library's texts begin with "Error while parsing KIND: ".
      let start = "Error while parsing "
      let reason =
        error.description.hasPrefix(start) ? error.description.dropFirst(start.count) : error.description[...]
      throw TOMLError(line: error.source.begin.line, reason: String(reason))
    } catch {
      throw TOMLError(line: 1, reason: "\(error)")
    }
  }

  private static func table(
    _ table: TOMLTable, at path: [TOMLLines.Step], _ lines: TOMLLines, line: Int
  ) -> SettingTable {
    var result = SettingTable(line: line)
    for name in table.keys {
      guard let value = table[name] else { continue }
      result.values[name] = setting(value, at: path + [.key(name)], lines, line: line)
    }
    return result
  }

  private static func setting(
    _ value: any TOMLValueConvertible, at path: [TOMLLines.Step], _ lines: TOMLLines, line: Int
  ) -> Setting {
    let line = lines[path] ?? line
    if let inner = value.table {
      return Setting(content: .table(table(inner, at: path, lines, line: line)), line: line)
    }
    if let array = value.array {
      let elements = (0..<array.count).map { index in
        setting(array[index], at: path + [.element(index)], lines, line: line)
      }
      return Setting(content: .array(elements), line: line)
    }
    if let text = value.string { return Setting(content: .string(text), line: line) }
    if let flag = value.bool { return Setting(content: .boolean(flag), line: line) }
    return Setting(content: .other, line: line)
  }
}
