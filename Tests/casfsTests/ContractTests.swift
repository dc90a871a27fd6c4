import Foundation
import TestSupport
import Testing

/// The statements of the manual pages and the tests of each: casfs-contract(7), and `.ci/ids`, which checks it.
@Suite struct ContractTests {
  private static let script = Project.folder.appending(path: ".ci/ids").path

  @Test("K1: in this project every statement has a test, and every test names statements that exist")
  func project() throws {
    let outcome = try SystemCommand.run(Self.script, [Project.folder.path])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
  }

  @Test("K1: each statement stands on the page that casfs-contract(7) names for its letter")
  func letters() throws {
    let folder = Project.folder.appending(path: "man")
    let contract = "casfs-contract.7"
    var pages: [Character: String] = [:]
    for row in try Self.lines(of: folder.appending(path: contract)) where row.hasPrefix(".It ") {
      // `.It B Ta Xr casfs-tree 7 Ta SUBJECT`; the page itself is `Nm`.
      let words = row.split(separator: " ")
      guard words.count > 5, words[1].count == 1, words[2] == "Ta", let letter = words[1].first else { continue }
      pages[letter] = words[3] == "Nm" ? contract : "\(words[4]).\(words[5])"
    }
    #expect(pages.count >= 10)
    var found: Set<Character> = []
    for page in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      for line in try Self.lines(of: folder.appending(path: page)) {
        guard let id = line.wholeMatch(of: /\.It Sy ([A-Z])[0-9]+/) else { continue }
        let letter = try #require(id.1.first)
        found.insert(letter)
        #expect(pages[letter] == page, "\(line)")
      }
    }
    #expect(found == Set(pages.keys))
  }

  @Test(
    "K1: a tree passes whose statements and tests name each other, however the titles are written",
    arguments: [
      ["@Test(\"I1: a\")", "@Test(\"I12: b\")", "@Test(\"E3: c\", arguments: [1])"],
      ["@Test(\"I1, I12, E3: a\")"], ["@Test(\"I1 I12 E3: a\")"], ["@Test(\n    \"I1 I12: a\",", "@Suite(\"E3: b\")"],
      [
        "@Test(#\"I1, I12: \"a\" and E4: b\"#)", "@Test(\"E3: as in I2: c\")", "@Test(\"No ids\")",
        "let text = \"X1: d\"",
      ],
    ])
  func sound(titles: [String]) throws {
    let outcome = try Self.check(["a.1": ["I1", "I12"], "b.7": ["E3"]], titles)
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty && outcome.output.isEmpty, "\(outcome.errors)")
  }

  @Test(
    "K1: a statement without a test, an id that no page has, and an id that stands twice are each found",
    arguments: [
      (["a.1": ["I1", "I2"]], ["I1: a", "I12: b"], ["I2 has no test", unknown("I12")]),
      (["a.1": ["I1"]], ["I1, E9: a"], [unknown("E9")]),
      (["a.1": ["I1"]], ["I1: a", "X1 I1: b", "X1: c"], [unknown("X1")]),
      (["a.1": ["I1", "I2", "I1"]], ["I1 I2: a"], ["I1 stands more than once: man/a.1:1 man/a.1:5"]),
      (
        ["a.1": ["I1"], "b.7": ["E3", "I1"]], ["I1 E3: a"],
        ["I1 stands more than once: man/a.1:1 man/b.7:3"]
      ),
      (["a.1": ["I1"]], [], ["I1 has no test"]),
      (["a.1": []], [], ["man: no page has a statement"]),
      (
        ["a.1": ["I1", "I1"], "b.7": ["E3"]], ["X1: a"],
        ["I1 stands more than once: man/a.1:1 man/a.1:3", "I1 has no test", "E3 has no test", unknown("X1")]
      ),
    ] as [([String: [String]], [String], [String])])
  func broken(pages: [String: [String]], titles: [String], findings: [String]) throws {
    let outcome = try Self.check(pages, titles.map { "@Test(\"\($0)\")" })
    #expect(outcome.status == 1)
    #expect(outcome.errors.split(separator: "\n").map(String.init).sorted() == findings.sorted())
  }

  private static func unknown(_ id: String) -> String {
    "\(id) stands in no manual page, and is named by a test: Tests/ATests/A.swift"
  }

  /// Runs the check on a tree with these pages, which have these statements, and a file with these tests.
  private static func check(_ pages: [String: [String]], _ titles: [String]) throws -> CommandOutcome {
    let folder = try TemporaryFolder()
    for (name, ids) in pages {
      // A reference to a statement is not the statement.
      let items = ids.map { ".It Sy \($0)\nIt holds.\n" }.joined()
      try folder.write("\(items).Pq Sy Q7\n", to: "man/\(name)")
    }
    try folder.write(titles.map { "\($0)\nfunc a() {}\n" }.joined(), to: "Tests/ATests/A.swift")
    return try SystemCommand.run(script, [folder.path])
  }

  private static func lines(of file: URL) throws -> [Substring] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
  }
}
