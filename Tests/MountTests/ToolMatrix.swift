import Foundation
import TestSupport
import Testing

/// Which tool does what at which place of the tree: the table in `casfs-tools(7)`.
enum ToolMatrix {
  /// Rows under one heading.
  struct Group: Sendable, CustomTestStringConvertible {
    var name: String
    var rows: [Row]

    var testDescription: String { name }
  }

  /// Where a command is pointed.
  enum Place: String, CaseIterable, Decodable {
    case incoming, blobs, refs, images, committed
  }

  /// A command, and what comes of it at each place.
  struct Row: Encodable, Sendable {
    /// What bash runs at the top of the tree. The words in it: `$dir` is the place, `$old` a file there and `$new` a
    /// name for one more, `$folder` and `$empty` directories; elsewhere are `$file` and `$tree`, which is a directory,
    /// `$tar` and `$url`, which have them too, and `$out`, an empty directory. `py` runs a line of Python, in which
    /// the words are variables.
    var command: String
    /// What comes of it, by the place.
    var outcomes: [String: String]
    /// How the table shows the command.
    var title: String

    /// Takes a command, and what comes of it in the order of the places; `-` where it makes no sense.
    init(_ command: String, _ outcomes: String, title: String? = nil) {
      self.command = command
      let words = outcomes.split(separator: " ").map(String.init)
      self.outcomes = Dictionary(uniqueKeysWithValues: zip(Place.allCases.map(\.rawValue), words)).filter { $1 != "-" }
      self.title = title ?? Self.title(command)
    }

    /// The command with its words in capitals, as a manual page has them.
    private static func title(_ command: String) -> String {
      let words = ["dir", "old", "new", "folder", "empty", "file", "tree", "tar", "url", "out"]
      return words.reduce(command) { $0.replacing("$\($1)", with: $1.uppercased()) }
    }
  }

  /// What came of a command at one place.
  struct Result: Decodable {
    /// The number of the row.
    var row: Int
    var place: Place
    /// `works`: the same as on a disk, by its exit status, what it said, and what it changed. An error number: it was
    /// refused with that, and changed nothing, or something when there is a `*`. `fails`: refused in words of its own.
    /// `nothing`: it said that all was well, and changed nothing. `differs`: something else.
    var verdict: String
    /// What was not as on a disk.
    var details: String
  }

  /// Runs the commands of rows, each at every place of a mount that no other has changed.
  static func results(_ rows: [Row]) throws -> [Result] {
    let json = String(decoding: try JSONEncoder().encode(rows), as: UTF8.self)
    let outcome = try ScriptedMount().run("ToolMatrix/tools.sh", ["rows": json], seconds: 240)
    return try outcome.lines.map { try JSONDecoder().decode(Result.self, from: Data($0.utf8)) }
  }
}
