import CAS
import Foundation
import TestSupport
import Testing

@Suite struct ManualTests {
  private static let folder = Project.folder.appending(path: "man")
  private static let file = folder.appending(path: "casfs.1")

  @Test(
    "C2: the manual pages are well-formed",
    arguments: ["casfs.1", "casfs-driver.7", "casfs-tools.7", "casfs-tree.7", "casfs-trust.7"])
  func lint(_ page: String) throws {
    let file = Self.folder.appending(path: page).path
    let outcome = try Tool.execute("/usr/bin/mandoc", ["-T", "lint", "-W", "warning", file])
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

  @Test("C2: each promise of casfs-trust(7) names a test, and each suite of its table is there")
  func promises() throws {
    let page = try String(contentsOf: Self.folder.appending(path: "casfs-trust.7"), encoding: .utf8)
    let folder = Project.folder.appending(path: "Tests")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }
    let sources = try (files ?? []).filter { $0.pathExtension == "swift" }
      .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
    let lines = page.split(separator: "\n")
    let names = lines.filter { $0.hasPrefix(".Dq ") }.map { $0.dropFirst(4) }
    #expect(names.count >= 12)
    for name in names { #expect(sources.contains("\(name)\""), "no test: \(name)") }
    let suites = lines.compactMap { $0.split(separator: ";").dropFirst().first }.filter { $0.hasSuffix("Tests") }
    #expect(suites.count >= 8)
    for suite in suites { #expect(sources.contains("struct \(suite) "), "no suite: \(suite)") }
  }

  @Test("C2: the members of JSON output are those of the manual page")
  func members() throws {
    let manual = try String(contentsOf: Self.file, encoding: .utf8)
    let store = try TestStore()
    let digest = try store.put("hello\n")
    #expect(try Tool.run(["ref", "put", store.path, "name", digest]).status == 0)
    try store.folder.write("", to: "store/foreign")
    // Empty, and garbage.
    let put = try Tool.run(["blob", "put", "--json", store.path])
    let outputs = [
      ("blob put", put), ("blob ls", try Tool.run(["blob", "ls", "--json", store.path])),
      ("ref ls", try Tool.run(["ref", "ls", "--json", store.path])),
      ("gc", try Tool.run(["gc", "--json", "--grace", "0", store.path])),
      ("fsck", try Tool.run(["fsck", "--json", store.path])),
    ]
    for (command, outcome) in outputs {
      let part = try #require(manual.components(separatedBy: "\n.It Cm \(command)\n").dropFirst().first)
      let list = try #require(part.components(separatedBy: "\n.El").first)
      #expect(!outcome.lines.isEmpty)
      let documented = list.split(separator: "\n").filter { $0.hasPrefix(".It Li ") }.map { String($0.dropFirst(7)) }
      for line in outcome.lines {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(Set(object.keys) == Set(documented))
      }
    }
  }

  @Test("C2: the manual page has every kind of problem that fsck finds")
  func problems() throws {
    let manual = try String(contentsOf: Self.file, encoding: .utf8)
    let section = try #require(
      manual.components(separatedBy: "\n.Ss casfs fsck ").last?.components(separatedBy: "\n.Ss").first)
    let words = section.split(separator: "\n").filter { $0.hasPrefix(".It Cm ") }.map { String($0.dropFirst(7)) }
    #expect(words == Problem.Kind.allCases.map(\.rawValue))
  }

  @Test("M3: the manual page has every mount option")
  func mountOptions() throws {
    let manual = try String(contentsOf: Self.file, encoding: .utf8)
    let section = try #require(manual.components(separatedBy: "\n.Sh MOUNT OPTIONS\n").last)
    let words = Set(section.split { " ,=\n".contains($0) }.map(String.init))
    let options = """
      ro rw allow_other allow_root default_permissions auto_unmount fsname subtype max_read nonempty uid gid umask \
      verify defaults dev nodev suid nosuid exec noexec sync async dirsync atime noatime relatime auto noauto user \
      nouser nofail _netdev x-
      """
    for option in options.split(separator: " ") { #expect(words.contains(String(option)), "\(option)") }
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
