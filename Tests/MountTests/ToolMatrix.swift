import Foundation
import TestSupport
import Testing

/// The outcome of each tool at each place of the tree: the table in `casfs-tools(7)`.
enum ToolMatrix {
  /// Rows under one heading.
  struct Group: Sendable, CustomTestStringConvertible {
    var name: String
    var rows: [Row]

    var testDescription: String { name }
  }

  /// The directory that a command uses.
  enum Place: String, CaseIterable, Decodable {
    case incoming, blobs, refs, images, committed
  }

  /// A command, and its outcome at each place.
  struct Row: Encodable, Sendable {
    /// A line of bash, run in the root of the tree. Its variables: `$dir` is the place, `$old` a file in it, `$new` an
    /// absent name, `$folder` and `$empty` directories. Outside of the tree are `$file`, the directory `$tree`, `$tar`
    /// and `$url` with the same content, and the empty directory `$out`. `py` runs a line of Python with these
    /// variables.
    var command: String
    /// Its outcome, by place.
    var outcomes: [String: String]
    /// The command as the table shows it.
    var title: String

    /// Creates a row with the outcomes in the order of the places; `-` where the command makes no sense.
    init(_ command: String, _ outcomes: String, title: String? = nil) {
      self.command = command
      let words = outcomes.split(separator: " ").map(String.init)
      self.outcomes = Dictionary(uniqueKeysWithValues: zip(Place.allCases.map(\.rawValue), words)).filter { $1 != "-" }
      self.title = title ?? Self.title(command)
    }

    /// The command with its variables in capitals, as in a manual page.
    private static func title(_ command: String) -> String {
      let words = ["dir", "old", "new", "folder", "empty", "file", "tree", "tar", "url", "out"]
      return words.reduce(command) { $0.replacing("$\($1)", with: $1.uppercased()) }
    }
  }

  /// The result of a command at one place.
  struct Result: Decodable {
    /// The number of the row.
    var row: Int
    var place: Place
    /// `works`: the same exit status, output and changes as on a disk. An error name: the command failed with that
    /// error and changed nothing, or something if `*` follows. `fails`: it failed with a message of its own.
    /// `nothing`: it succeeded and changed nothing. `differs`: anything else.
    var verdict: String
    /// The differences from a disk.
    var details: String
  }

  /// Runs each command at every place of a fresh mount.
  static func results(_ rows: [Row]) throws -> [Result] {
    let json = String(decoding: try JSONEncoder().encode(rows), as: UTF8.self)
    let outcome = try ScriptedMount().run("ToolMatrix/tools.sh", ["rows": json], seconds: 240)
    return try outcome.lines.map { try JSONDecoder().decode(Result.self, from: Data($0.utf8)) }
  }
}
