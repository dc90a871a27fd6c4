import CAS
import Foundation
import TestSupport
import Testing

@Suite struct ManualTests {
  private static let folder = Project.folder.appending(path: "man")
  private static let file = folder.appending(path: "casfs.1")
  private static let pages = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()

  @Test("C2: the manual pages are well-formed", arguments: pages)
  func lint(_ page: String) throws {
    let file = Self.folder.appending(path: page).path
    let outcome = try SystemCommand.run("/usr/bin/mandoc", ["-T", "lint", "-W", "warning", file])
    #expect(outcome.status == 0, "\(outcome.text)")
    #expect(outcome.text == "")
  }

  @Test("C2: the manual page has every command and every option that --help shows")
  func complete() throws {
    let manual = try String(contentsOf: Self.file, encoding: .utf8)
    let dump = try Casfs.run(["--experimental-dump-help"])
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

  @Test("C2: every manual page refers to the others that there are, and casfs(1) to all of them")
  func pagesAreKnown() throws {
    #expect(Self.pages.count >= 9)
    let manual = try String(contentsOf: Self.file, encoding: .utf8)
    for page in Self.pages {
      let text = try String(contentsOf: Self.folder.appending(path: page), encoding: .utf8)
      for line in text.split(separator: "\n") {
        guard let found = line.firstMatch(of: /\bXr ((?:mount\.)?casfs\S*) ([0-9])/) else { continue }
        #expect(Self.pages.contains("\(found.1).\(found.2)"), "\(page): \(line)")
      }
      #expect(
        page == "casfs.1" || manual.contains("\n.Xr \(page.dropLast(2)) \(page.suffix(1)) ,\n"),
        "casfs(1) lacks \(page)")
    }
  }

  @Test("C2: each guarantee of casfs-trust(7) names suites whose tests name its statements; its table names suites")
  func guarantees() throws {
    let page = try String(contentsOf: Self.folder.appending(path: "casfs-trust.7"), encoding: .utf8)
    let section = try #require(
      page.components(separatedBy: "\n.Sh GUARANTEES\n").last?.components(separatedBy: "\n.Sh ").first)
    let items = section.components(separatedBy: "\n.It\n").dropFirst()
    #expect(items.count >= 12)
    let sources = try Self.testSources()
    for item in items {
      // As in `.Pq Li HangTests : Sy V3 I12`.
      let tests = item.matches(of: /\n\.Pq Li (\S+) : Sy (.+)/)
      #expect(!tests.isEmpty, "no test: \(item)")
      for test in tests {
        let suite = sources.filter { $0.contains("struct \(test.1) ") }
        #expect(!suite.isEmpty, "no suite: \(test.1)")
        let ids = Set(suite.flatMap(Self.ids))
        for id in test.2.split(separator: " ") { #expect(ids.contains(id), "\(test.1) has no test of \(id)") }
      }
    }
    let suites = page.split(separator: "\n").compactMap { $0.split(separator: ";").dropFirst().first }
      .filter { $0.hasSuffix("Tests") }
    #expect(suites.count >= 8)
    for suite in suites { #expect(sources.contains { $0.contains("struct \(suite) ") }, "no suite: \(suite)") }
  }

  private static func testSources() throws -> [String] {
    let folder = Project.folder.appending(path: "Tests")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }
    return try (files ?? []).filter { $0.pathExtension == "swift" }.map { try String(contentsOf: $0, encoding: .utf8) }
  }

  /// The ids of statements that lead the titles of tests.
  private static func ids(in source: String) -> [Substring] {
    source.matches(of: #/@(?:Test|Suite)\(\s*#*"([A-Z][0-9]+(?:,? [A-Z][0-9]+)*): /#).flatMap { title in
      title.1.split { $0 == "," || $0 == " " }
    }
  }

  @Test("C2: the members of JSON output are those of the manual page")
  func members() throws {
    let manual = try String(contentsOf: Self.file, encoding: .utf8)
    let store = try CommandLineStore()
    let digest = try store.put("hello\n")
    #expect(try Casfs.run(["ref", "put", store.path, "name", digest]).status == 0)
    try store.folder.write("", to: "store/foreign")
    // Empty, and garbage.
    let put = try Casfs.run(["blob", "put", "--json", store.path])
    let outputs = [
      ("blob put", put), ("blob ls", try Casfs.run(["blob", "ls", "--json", store.path])),
      ("ref ls", try Casfs.run(["ref", "ls", "--json", store.path])),
      ("du", try Casfs.run(["du", "--json", store.path])),
      ("gc", try Casfs.run(["gc", "--json", "--grace", "0", store.path])),
      ("fsck", try Casfs.run(["fsck", "--json", store.path])),
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
    #expect(words == StoreProblem.Kind.allCases.map(\.rawValue))
  }

  @Test("M3: the manual page has every mount option")
  func mountOptions() throws {
    let manual = try String(contentsOf: Self.file, encoding: .utf8)
    let section = try #require(
      manual.components(separatedBy: "\n.Sh MOUNT OPTIONS\n").last?.components(separatedBy: "\n.Sh ").first)
    let words = Set(section.split { " ,=\n".contains($0) }.map(String.init))
    let options = """
      ro rw allow_other allow_root default_permissions auto_unmount fsname subtype max_read nonempty uid gid umask \
      verify defaults dev nodev suid nosuid exec noexec sync async dirsync atime noatime relatime auto noauto user \
      nouser users nofail _netdev x- read idle cache_size layer_cache_size image platform
      """
    for option in options.split(separator: " ") { #expect(words.contains(String(option)), "\(option)") }
  }

  /// The part of the output of `--experimental-dump-help` that the tests read.
  private struct Tree: Decodable {
    var command: Command
  }

  private struct Command: Decodable {
    var commandName: String
    var superCommands: [String]?
    var subcommands: [Command]?
    var arguments: [Argument]?

    var path: [String] { (superCommands ?? []) + [commandName] }

    /// The commands without subcommands.
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
