import Foundation
import TestSupport
import Testing

/// The project itself: `.ci/language` on repositories made for it, and the documentation catalogues of the modules.
@Suite struct ProjectTests {
  /// A file with one sentence to reword.
  struct Finding: CustomTestStringConvertible {
    var file: String
    var text: String
    var line: Int

    init(_ file: String, _ text: String, line: Int) {
      (self.file, self.text, self.line) = (file, text, line)
    }

    var testDescription: String { "\(file): \(text.debugDescription)" }
  }

  // MARK: Language

  @Test(
    "K3: an added sentence with the wrong beginning is found, in every kind of file",
    .needs(.tools("git", "python3")),
    arguments: [
      Finding("a.swift", "let a = 1\n/// Who waits for it is freed.\n", line: 2),
      Finding("a.swift", "/// Closes the file. What was written stays.\n", line: 1),
      Finding("a.swift", "/// - Returns: Whose it is.\n", line: 1),
      Finding("a.swift", "let a = \"//\"  // Nobody reads it.\n", line: 1),
      Finding("a.swift", "let a = \"\"\"\n  # Whoever runs it\n  echo\n  \"\"\"\n", line: 2),
      Finding("a.swift", "@Test(\"I2: who closes it last publishes\")\nfunc a() {}\n", line: 1),
      Finding("a.swift", "@Suite(\n  \"Of two names the first counts\") struct A {}\n", line: 2),
      Finding("a.swift", "@Test(#\"E3: a put; what fails is \"an error\"\"#)\n", line: 1),
      Finding("Package.swift", "// Somebody else's.\n", line: 1),
      Finding("a.c", "int a;\n/* What it is.\n * Of course. */\n", line: 2),
      Finding("a.h", "/* One.\n   Of course. */\n", line: 2),
      Finding("a.py", "#!/usr/bin/env python3\n\"\"\"Starts it.\n\nWhat follows is a list.\n\"\"\"\n", line: 4),
      Finding("a.py", "a = '# What'  # What else\n", line: 1),
      Finding("run", "#!/bin/sh\n# Of the words the first counts.\n", line: 2),
      Finding("a.bash", "a=${1#What}\n# What it takes:\n", line: 2),
      Finding("a.yml", "# Nobody else.\na: 1\n", line: 1),
      Finding("man/a.7", ".Sh NAME\nWhoever asks is told.\n", line: 2),
      Finding("man/a.7", ".Sh WHO WAITS\n", line: 1),
      Finding("man/a.7", ".TS\nlb lb.\nWork;What was done\n.TE\n", line: 3),
      Finding("README.md", "One.\n\n- What is left\n", line: 3),
      Finding("docs/a.md", "## What comes next?\n", line: 1),
      Finding("docs/a.md", "It ends (`a`). **Of** those, some.\n", line: 1),
      Finding("docs/a.md", "```swift\n// What it is.\n```\n", line: 2),
      Finding("a.swift", "/// Answers all of them at once.\n", line: 1),
      Finding("a.swift", "/// Lets go of the file.\n", line: 1),
      Finding("a.swift", "/// Gives it back.\n", line: 1),
      Finding("a.swift", "/// Throws for text that is no digest.\n", line: 1),
    ])
  func found(_ finding: Finding) throws {
    let repository = try Repository()
    try repository.commit([finding.file: finding.text])
    let outcome = try repository.check()
    #expect(outcome.status == 1)
    let places = outcome.lines.map { $0.split(separator: ":").prefix(2).joined(separator: ":") }
    #expect(places.contains("\(finding.file):\(finding.line)"), "\(outcome.text)")
  }

  @Test(
    "K3: other sentences pass: such a word within one, as a part of another word, in quotes, in code",
    .needs(.tools("git", "python3")),
    arguments: [
      Finding("a.swift", "/// Whole files are read. Offsets are checked. Whatever fails is logged.\n", line: 0),
      Finding("a.swift", "/// The caller says what it wants, who it is, and the number of tries.\n", line: 0),
      Finding("a.swift", "/// `What` is a word. \"Who\" is another. Office hours.\n", line: 0),
      Finding("a.swift", "let a = \"docker://What.Who/Of\"\nlet b = \"// What\"\n", line: 0),
      Finding("a.swift", "@Test(\"I2: whole files, and what others wrote\") func a() {}\n", line: 0),
      Finding("a.swift", "/// There is no such file, it is no longer open, and none of them is.\n", line: 0),
      Finding("run", "#!/bin/sh\necho \"# What\" ${a#What}\n", line: 0),
      Finding("a.py", "a = \"\"\"\nWhat is data\n\"\"\"\n", line: 0),
      Finding("man/a.7", ".Bd -literal\nWhat the program prints\n.Ed\n.Em What\nThe end.\n", line: 0),
      Finding("man/casfs-tools.7", ".TS\nl l.\nWhat\tworks\n.TE\n", line: 0),
      Finding("README.md", "<!-- What -->\nOne.\n\n    What the program prints\n\n```\nOf course\n```\n", line: 0),
      Finding("a.json", "{\"What\": \"Who\"}\n", line: 0),
      Finding("a.bin", "\0// What\n", line: 0),
    ])
  func passes(_ finding: Finding) throws {
    let repository = try Repository()
    try repository.commit([finding.file: finding.text])
    let outcome = try repository.check()
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errors)")
    #expect(outcome.output.isEmpty && outcome.errors.isEmpty)
  }

  @Test(
    "K3: lines that a change leaves or moves are not reported, and --all reports every line",
    .needs(.tools("git", "python3")))
  func old() throws {
    let repository = try Repository()
    let old = "// What is old.\n// One.\n// Two.\n// Three.\n"
    try repository.commit(["a.swift": old])
    try repository.commit(["a.swift": old + "// Four.\n"])
    #expect(try repository.check().status == 0)
    try FileManager.default.moveItem(at: repository.folder["a.swift"], to: repository.folder["b.swift"])
    try repository.commit([:])
    #expect(try repository.check().status == 0)
    let all = try repository.check("--all")
    #expect(all.status == 1)
    #expect(all.lines.count == 1 && all.text.hasPrefix("b.swift:1: "), "\(all.text)")
  }

  @Test(
    "K3: the base is the merge base with origin/main, or else the commit before; uncommitted lines count",
    .needs(.tools("git", "python3")))
  func base() throws {
    let repository = try Repository()
    try repository.commit(["a.swift": "// What is first.\n"])
    try repository.commit(["b.swift": "// What is second.\n"])
    try repository.commit(["c.swift": "// The third.\n"])
    #expect(try repository.check().status == 0)
    #expect(try repository.check("HEAD~2").lines.count == 1)
    try repository.git("update-ref", "refs/remotes/origin/main", "HEAD~2")
    let outcome = try repository.check()
    #expect(outcome.lines.count == 1 && outcome.text.hasPrefix("b.swift:1: "), "\(outcome.text)")
    // A checkout of main itself has nothing beyond it: there the last commit counts.
    try repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    #expect(try repository.check().status == 0)
    try repository.folder.write("// The third.\n// Whoever adds a line.\n", to: "c.swift")
    #expect(try repository.check().text.hasPrefix("c.swift:2: "))
  }

  @Test("K3: wrong usage is told apart from findings", .needs(.tools("git", "python3")))
  func usage() throws {
    let repository = try Repository()
    #expect(try repository.check("--every").status == 64)
    #expect(try repository.check("HEAD", "HEAD").status == 64)
    let outcome = try repository.check("no-such-commit")
    #expect(outcome.status == 1 && outcome.errors.hasPrefix("language: git: "), "\(outcome.errors)")
  }

  /// A repository with the check in it.
  private struct Repository {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      let script = try String(contentsOf: Project.folder.appending(path: ".ci/language"), encoding: .utf8)
      try folder.write(script, to: ".ci/language")
      try git("init", "-q")
      try commit([:])
    }

    /// Commits files, and what else has changed.
    func commit(_ files: [String: String]) throws {
      for (name, text) in files { try folder.write(text, to: name) }
      try git("add", "-A")
      try git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "Change")
    }

    func git(_ arguments: String...) throws {
      let outcome = try SystemCommand.run("/usr/bin/git", ["-C", folder.path] + arguments)
      try #require(outcome.status == 0, "\(outcome.errors)")
    }

    func check(_ arguments: String...) throws -> CommandOutcome {
      try SystemCommand.run("python3", [folder[".ci/language"].path] + arguments)
    }
  }

  // MARK: Documentation

  private static let sources = Project.folder.appending(path: "Sources")
  private static let snippets = Project.folder.appending(path: "Tests/Adoption/Sources/Snippets")

  /// The catalogues by the names of their modules.
  private static func catalogues() throws -> [String: URL] {
    let modules = try FileManager.default.contentsOfDirectory(atPath: sources.path)
    let pairs = modules.map { ($0, sources.appending(path: "\($0)/\($0).docc")) }
    return Dictionary(uniqueKeysWithValues: pairs).filter { FileManager.default.fileExists(atPath: $0.value.path) }
  }

  private static func pages() throws -> [URL] {
    try catalogues().values.flatMap { (folder) in
      try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    }.filter { $0.pathExtension == "md" }
  }

  @Test("K2: every public module has a catalogue with a page for the module, and all of them are published")
  func catalogues() throws {
    let catalogues = try Self.catalogues()
    let package = try String(contentsOf: Project.folder.appending(path: "Package.swift"), encoding: .utf8)
    let modules = package.matches(of: /\.library\(\s*name: "\w+", targets: \[([^\]]*)\]/).flatMap { (product) in
      product.1.matches(of: /"(\w+)"/).map { String($0.1) }
    }
    #expect(Set(modules).isSuperset(of: ["OCI", "CAS", "CASDirectory"]))
    for module in modules { #expect(catalogues[module] != nil, "\(module) has no catalogue") }
    for (module, folder) in catalogues {
      let page = try String(contentsOf: folder.appending(path: "\(module).md"), encoding: .utf8)
      #expect(page.hasPrefix("# ``\(module)``\n\n"), "\(module)")
    }
    let published = try String(contentsOf: Project.folder.appending(path: ".spi.yml"), encoding: .utf8)
    let targets = published.matches(of: /\n +- (\w+)(?=\n)/).map { String($0.1) }
    #expect(targets.sorted() == catalogues.keys.sorted())
  }

  @Test("K2: every Swift block of a catalogue is a file that is compiled, and every such file is shown")
  func blocks() throws {
    var shown: Set<String> = []
    for page in try Self.pages() {
      let lines = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n")
      for (number, line) in lines.enumerated() where line.hasPrefix("```swift") {
        let marker = try #require(
          lines[max(number - 1, 0)].wholeMatch(of: /<!-- snippet: (\w+) -->/), "\(page.path):\(number + 1)")
        let code = lines[(number + 1)...].prefix { $0 != "```" }.joined(separator: "\n")
        let file = Self.snippets.appending(path: "\(marker.1).swift")
        let content = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
        let body = content.drop { $0.hasPrefix("import ") || $0.isEmpty }.joined(separator: "\n")
        #expect(body == code + "\n", "\(page.lastPathComponent): \(marker.1)")
        shown.insert(String(marker.1))
      }
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.snippets.path)
    #expect(Set(files.filter { $0.hasSuffix(".swift") }) == Set(shown.map { "\($0).swift" }))
    #expect(!shown.isEmpty)
  }

  @Test("K2: the documentation's check says that a build is missing", .needs(.tools("bash")))
  func unbuilt() throws {
    let folder = try TemporaryFolder()
    let script = try String(contentsOf: Project.folder.appending(path: ".ci/docs"), encoding: .utf8)
    try folder.write(script, to: ".ci/docs")
    let outcome = try SystemCommand.run("/usr/bin/env", ["bash", folder[".ci/docs"].path])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("run 'swift build' first"), "\(outcome.errors)")
  }
}
