import Foundation
import TestSupport

/// `man/casfs-tools.7`: prose, and tables between two marks.
struct ToolManual {
  private static let file = Project.folder.appending(path: "man/casfs-tools.7")
  private static let begin = ".\\\" A test writes the tables below.\n"
  private static let end = ".\\\" The tables that a test writes end here.\n"
  private static let columns: [[ToolMatrix.Place]] = [[.incoming], [.blobs], [.refs], [.images, .committed]]

  /// The current page.
  let text: String
  /// The page with correct tables.
  let updated: String

  /// Reads the page.
  init() throws {
    text = try String(contentsOf: Self.file, encoding: .utf8)
    guard let begin = text.range(of: Self.begin), let end = text.range(of: Self.end) else {
      throw TestFailure("casfs-tools(7) has no place for the tables")
    }
    updated = text[..<begin.upperBound] + ToolMatrix.groups.map(Self.table).joined() + text[end.lowerBound...]
  }

  /// Writes the page with its tables.
  func write() throws {
    try Data(updated.utf8).write(to: Self.file)
  }

  private static func table(_ group: ToolMatrix.Group) -> String {
    let heads = columns.map { $0.count == 1 ? $0[0].rawValue : "others" }
    let lines = group.rows.map { row in
      let cells = columns.map { places in
        // Places that share a column mostly have one outcome.
        let outcomes = places.map { row.outcomes[$0.rawValue] ?? "" }
        return Set(outcomes).count == 1 ? outcomes[0] : outcomes.joined(separator: ", ")
      }
      return "T{\n\(escaped(row.title))\nT}\t\(cells.joined(separator: "\t"))\n"
    }
    return ".Ss \(group.name)\n.TS\nlw(24)2 l2 l2 l2 l.\n\t\(heads.joined(separator: "\t"))\n\(lines.joined()).TE\n"
  }

  /// Text that roff shows as it is.
  private static func escaped(_ text: String) -> String {
    let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("'", with: "\\(aq")
      .replacing("\"", with: "\\(dq")
    return plain.hasPrefix(".") ? "\\&\(plain)" : plain
  }
}
