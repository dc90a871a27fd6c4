import Foundation
import Testing

@Suite struct ManualTests {
  private static let file = URL(filePath: #filePath).appending(path: "../../../man/casfs.1").standardizedFileURL

  @Test("C2: the manual page is well-formed")
  func lint() throws {
    let outcome = try Tool.execute("/usr/bin/mandoc", ["-T", "lint", "-W", "warning", Self.file.path])
    #expect(outcome.status == 0, "\(outcome.text)")
    #expect(outcome.text == "")
  }

  @Test("C2: the manual page has every command and every option that --help shows")
  func complete() throws {
    let manual = try String(contentsOf: Self.file, encoding: .utf8)
    let dump = try Tool.run(["--experimental-dump-help"])
    let root = try JSONDecoder().decode(Tree.self, from: Data(dump.output)).command
    #expect(root.leaves.count >= 10)
    for command in root.leaves {
      let name = command.path.joined(separator: " ")
      let sections = manual.components(separatedBy: "\n.Ss ").dropFirst().filter {
        $0.hasPrefix("\(name) ") || $0.hasPrefix("\(name)\n")
      }
      let section = try #require(sections.first, "no section for \(name)")
      #expect(sections.count == 1)
      for option in command.options {
        let isExplained = section.contains("\n.It Fl \(option)\n") || section.contains("\n.It Fl \(option) ")
        #expect(isExplained, "\(name) does not explain \(option)")
      }
    }
    for option in ["-version", "h", "-help", "-generate-completion-script"] {
      #expect(manual.contains("Fl \(option)"))
    }
  }

  /// What `--experimental-dump-help` prints, as far as it is looked at.
  private struct Tree: Decodable {
    var command: Command
  }

  private struct Command: Decodable {
    var commandName: String
    var superCommands: [String]?
    var subcommands: [Command]?
    var arguments: [Argument]?

    var path: [String] { (superCommands ?? []) + [commandName] }

    /// The commands that do something.
    var leaves: [Command] {
      let inner = (subcommands ?? []).filter { $0.commandName != "help" }
      return inner.isEmpty ? [self] : inner.flatMap(\.leaves)
    }

    /// Its own options, as mdoc's `Fl` writes them: `l`, `-json`.
    var options: [String] {
      let shown = (arguments ?? []).filter { $0.shouldDisplay && $0.kind != "positional" }
      return shown.flatMap { $0.names ?? [] }.map { $0.kind == "long" ? "-\($0.name)" : $0.name }
        .filter { !["-version", "h", "-help"].contains($0) }
    }
  }

  private struct Argument: Decodable {
    var kind: String
    var shouldDisplay: Bool
    var names: [Name]?
  }

  private struct Name: Decodable {
    var kind: String
    var name: String
  }
}
