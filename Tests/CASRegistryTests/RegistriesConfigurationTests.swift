import CAS
import Foundation
import TestSupport
import Testing

@testable import CASRegistry

struct RegistriesConfigurationTests {
  private func configuration(_ texts: String...) throws -> RegistriesConfiguration {
    RegistriesConfiguration(try texts.map { try RegistriesFile(parsing: $0, "r.conf") })
  }

  /// The names that a repository is read from, the last one the registry itself.
  private func sources(_ name: String, _ configuration: RegistriesConfiguration) throws -> [String] {
    let way = try configuration.way(to: RegistryAddress("docker://\(name)"))
    return way.mirrors.map(\.address.repositoryName) + [way.primary.repositoryName]
  }

  private func rule(_ prefix: String, _ location: String? = nil) -> String {
    "[[registry]]\nprefix = '\(prefix)'\n" + (location.map { "location = '\($0)'\n" } ?? "")
  }

  @Test(
    "N3: the rule with the longest prefix counts, which ends where a part of the name does",
    arguments: [
      ("a.example/x", "1.example/x"), ("a.example/team/y", "2.example/y"), ("a.example/team/x", "3.example/z"),
      ("a.example/team/x/y", "3.example/z/y"),
      ("a.example/teams/x", "1.example/teams/x"), ("b.example/x", "b.example/x"),
      ("a.example.org/x", "a.example.org/x"),
      ("w.w.example/x", "4.example/x"), ("v.w.example:5000/x", "4.example:5000/x"), ("w.example/x", "w.example/x"),
      ("z.example/w.w.example/x", "z.example/w.w.example/x"), ("docker.io/alpine", "5.example/alpine"),
      ("docker.io/me/app", "docker.io/me/app"), ("k.v.example/x", "k.v.example/x"),
    ])
  func prefixes(_ name: String, _ expected: String) throws {
    let rules = [
      rule("a.example", "1.example"), rule("a.example/team", "2.example"), rule("a.example/team/x", "3.example/z/"),
      rule("*.w.example", "4.example"), rule("docker.io/library", "5.example"), rule("*.v.example"),
    ].joined()
    #expect(try sources(name, configuration(rules)) == [expected])
  }

  @Test("N3: mirrors come in their order, and the registry itself is last")
  func mirrors() throws {
    let text = """
      unqualified-search-registries = ["docker.io"] # not for whole names
      short-name-mode = "enforcing"
      [[registry]]
      prefix = "a.example/foo"
      location = "in.example/bar"
      insecure = true
        [[registry.mirror]]
        location = "m0.example:5000/foo"
        [[registry.mirror]]
        location = "m1.example"
        insecure = true
        pull-from-mirror = "digest-only"
      [[registry]]
      location = "b.example"
      mirror-by-digest-only = true
      mirror = [{ location = "m2.example" }, { location = "blocked.example", pull-from-mirror = "" },]
      [[registry]]
      location = "blocked.example"
      blocked = true
      [aliases]
      "alpine" = "docker.io/library/alpine"
      """
    let configuration = try configuration(text)
    let way = try configuration.way(to: RegistryAddress("docker://a.example/foo/app"))
    #expect(way.primary.repositoryName == "in.example/bar/app" && way.primary.isInsecure)
    #expect(way.mirrors.map(\.address.repositoryName) == ["m0.example:5000/foo/app", "m1.example/app"])
    #expect(way.mirrors.map(\.address.isInsecure) == [false, true])
    #expect(way.mirrors.map(\.use) == [.all, .digestOnly])
    let other = try configuration.way(to: RegistryAddress("docker://b.example/app"))
    #expect(other.mirrors.map(\.address.repositoryName) == ["m2.example/app"] && other.mirrors[0].use == .digestOnly)
    let blocked = try RegistryAddress("docker://blocked.example/app")
    do throws(RegistryError) {
      _ = try configuration.way(to: blocked)
      Issue.record("it is not blocked")
    } catch {
      guard case .refused(_, let reason) = error else { throw error }
      #expect(reason == "registry blocked by r.conf, line 17: blocked.example")
    }
  }

  @Test("N3: a later file replaces rules with its prefixes, and in one file the first of them counts")
  func merging() throws {
    let first = rule("a.example", "1.example") + rule("b.example", "2.example") + rule("a.example", "3.example")
    #expect(try sources("a.example/x", configuration(first)) == ["1.example/x"])
    #expect(try sources("a.example/x", configuration(first, rule("a.example", "4.example"))) == ["4.example/x"])
    #expect(try sources("b.example/x", configuration(first, rule("a.example", "4.example"))) == ["2.example/x"])
  }

  @Test("N3: a file of version 1 has insecure and blocked registries, and cannot be a drop-in")
  func version1() throws {
    let text =
      "[registries.search]\nregistries = ['x']\n[registries.insecure]\nregistries = ['a.example', 'b.example/']\n"
      + "[registries.block]\nregistries = ['c.example']\n"
    #expect(try configuration(text).way(to: RegistryAddress("docker://b.example/x")).primary.isInsecure)
    #expect(throws: RegistryError.self) { try configuration(text).way(to: RegistryAddress("docker://c.example/x")) }
    #expect(throws: TOMLError(line: 1, reason: "version 1 ([registries.…]) in a file of version 2")) {
      try RegistriesFile(parsing: text, "r.conf", isDropIn: true)
    }
    #expect(throws: TOMLError.self) { try RegistriesFile(parsing: text + rule("a", "b"), "r.conf") }
  }

  @Test(
    "N3: a wrong setting is an error with its line",
    arguments: [
      ("[[registry]]\n", 1, "missing prefix and location"), ("[[registry]]\nprefix='a'", 1, "missing location"),
      ("\n[[registry]]\nprefix='a'\nlocation='https://b'", 4, "scheme"), ("registry='a'", 1, "not an array"),
      ("[[registry]]\nlocation=1", 2, "not a string"), ("[[registry]]\nlocation='a'\nblocked='no'", 3, "true or false"),
      ("[[registry]]\nprefix='*.a/b'\nlocation='c'", 2, "*.DOMAIN"),
      ("[[registry]]\nlocation='a'\n[[registry.mirror]]\ninsecure=true", 3, "missing location of a mirror"),
      ("[[registry]]\nlocation='a'\n[[registry.mirror]]\nlocation='m'\npull-from-mirror='x'", 5, "tag-only: x"),
      ("[[registry]]\nlocation='a'\npull-from-mirror='all'", 3, "for a mirror only"),
      (
        "[[registry]]\nlocation='a'\nmirror-by-digest-only=true\nmirror=[{location='m',pull-from-mirror='all'}]", 4,
        "beside"
      ),
      ("[[registry]]\nlocation='a'\n[[registry]]\nprefix='b'\nlocation='a'\ninsecure=true", 3, "insecure differs"),
      ("[[registry]\n", 1, "expected ']'"), ("a = 'x\n", 1, "literal string"), ("a = 1\n\n a = 2", 3, "redefine"),
      ("a = \"\"\"x\n\n", 2, "end-of-file"), ("a = [1,\n2\n3]", 3, "expected comma"), ("a = x", 1, "value type"),
      ("a = 'b' c", 1, "saw 'c'"), ("a = b'c'", 1, "in a value"), ("a 1", 1, "expected '='"),
      ("a = \"\\q\"", 1, "escape"),
      ("a=\"\u{1}\"", 1, "control"),
      ("[a]\n[a]", 2, "redefine"), ("a={}\n[a.b]", 2, "inline table"), ("a=[]\n[[a]]", 2, "array-of-tables"),
      ("=1", 1, "expected keys"), ("a = \"\\", 1, "end-of-file"),
    ])
  func broken(_ text: String, _ line: Int, _ reason: String) {
    do {
      _ = try RegistriesFile(parsing: text, "r.conf")
      Issue.record("it was read")
    } catch {
      #expect(error.line == line && error.reason.contains(reason), "\(error)")
    }
  }

  @Test(
    "N3: the line is that of the setting, whatever stands in strings and comments before it",
    arguments: [
      ("x = '''\n[[registry]]\nblocked = 3\n'''\n[[registry]]\nlocation='a'\nblocked=3", 7),
      ("x = \"\"\"\\\"\"\"\n[\"\"\"\"\" # [{\n[[registry]]\nlocation=3", 4),
      ("registry = [\n  # {,\n {location='a'}, {location='b'}\n,\n {location='http://c'},\n]", 5),
      ("\u{FEFF}registries.insecure.registries = ['a',\r\n'https://b']", 2),
      ("[registries]\ninsecure.registries = 1", 2), ("[[registry]]\nlocation.x = [\n1]", 2),
      ("[[registry]]\nlocation='a'\n[registry.x]\nlocation=1\n[[ \"reg\\u0069stry\" ]]\n'location' = 1", 6),
      (
        "[[registry]]\nlocation='a'\n[[registry]]\nlocation='b'\n[[registry.mirror]]\nlocation='m'\n"
          + "[[registry.mirror]]\nlocation='m'\n\ninsecure='x'", 10
      ),
    ])
  func lines(_ text: String, _ line: Int) {
    do {
      _ = try RegistriesFile(parsing: text, "r.conf")
      Issue.record("it was read")
    } catch {
      #expect(error.line == line, "\(error)")
    }
  }

  @Test("N3: a registry is blocked by the line of its rule")
  func blockedLine() throws {
    let text = "registry = [{location='a.example'},\n\n{location='b.example', blocked=true}]"
    let blocked = try RegistryAddress("docker://b.example/x")
    let error = #expect(throws: RegistryError.self) { try configuration(text).way(to: blocked) }
    #expect("\(try #require(error))".contains("r.conf, line 3: b.example"))
  }

  @Test(
    "N3: a text that would end the process is an error with its line",
    arguments: [
      ("\na = " + String(repeating: "[", count: 1 << 20), "nested"), (String(repeating: "[", count: 1 << 20), "name"),
      ("\na = " + String(repeating: "{a=", count: 1 << 18), "nested"), ("\na = [}", "missing ]"),
      ("\n" + String(repeating: "a.", count: 1 << 19) + "a = 1\n!", "parts"), ("\n[[ [a]]", "name"), ("\n[=]", "name"),
      ("\n[" + String(repeating: "'a' . ", count: 1 << 17) + "a]", "parts"), ("\na = {b=1]", "missing }"),
      ("\na = 1979-05-27T{}", "in a value"),
      ("\na = [1979-05-27 0]", "in a value"), ("\na = 1979-05-2= 0\n", "in a value"), ("\na = \"\\u0000\"", "NUL"),
      ("\na = 'b'\u{0}", "NUL"),
      ("\n# \u{0}", "NUL"), ("\na = " + String(repeating: "9", count: 1 << 20), "too long"),
    ])
  func hostile(_ text: String, _ reason: String) {
    do {
      _ = try RegistriesFile(parsing: text, "r.conf")
      Issue.record("it was read")
    } catch {
      #expect(error.line == (text.hasPrefix("\n") ? 2 : 1) && error.reason.contains(reason), "\(error)")
    }
  }

  @Test("N3: nesting up to the limit is read")
  func nested() throws {
    let key = Array(repeating: "a", count: TOMLScanner.maximumParts).joined(separator: ".")
    let depth = TOMLScanner.maximumDepth
    let value = String(repeating: "{\(key)=", count: depth) + "1" + String(repeating: "}", count: depth)
    #expect(try sources("a.example/x", configuration("[\(key)]\n\(key) = \(value)\n[x]\ny = [\n[[]],\n]")) != [])
  }

  @Test("N3: a file that is too long or not UTF-8 is an error that names it")
  func contents() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/r.conf"
    for content in [[0x61, 0x3D, 0x22, 0xFF, 0x22], Array(repeating: UInt8(ascii: "#"), count: 1 << 20 + 1)] {
      try Data(content).write(to: URL(filePath: path))
      let error = #expect(throws: RegistryError.self) { try RegistriesFile.load(path) }
      #expect("\(try #require(error))".contains(path))
    }
  }

  @Test(
    "N3: every form of TOML is read",
    arguments: [
      "registry = [ # comment ]\n {prefix = \"a.example\", location = 'b.example'}, \n ] ",
      "\u{FEFF}[[registry]]\r\nlocation='b.example'\r\nprefix='a.example'",
      "[[ \"registry\" ]] # x\n'prefix' = \"a.ex\\u0061mple\"\nlocation = '''\nb.example'''\nx = 1979-05-27 07:32:00\ny.z = -1.5e3",
      "[x]\ny = {a.b = 1}\n[[registry]]\nlocation = \"\"\"b.\\\n   example\"\"\"\nprefix = 'a.example'\n[registry.x]\nt = [[1], [true, 'x']]\n[z.y]\n[z]",
    ])
  func forms(_ text: String) throws {
    #expect(try sources("a.example/x", configuration(text)) == ["b.example/x"])
  }

  @Test("N3: the user's file is in place of the system's, drop-in files follow, and a named file must exist")
  func places() throws {
    let folder = try TemporaryFolder()
    let (home, system) = ("\(folder.path)/home", "\(folder.path)/etc")
    func write(_ path: String, _ location: String) throws {
      let place = URL(filePath: path)
      try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(rule("a.example", location).utf8).write(to: place)
    }
    func source(_ extra: [String: String] = [:]) throws -> [String] {
      let environment = ["HOME": home].merging(extra) { $1 }
      return try sources(
        "a.example/x", RegistriesConfiguration.load(environment: environment, systemDirectory: system))
    }
    #expect(try source() == ["a.example/x"])
    try write("\(system)/registries.conf", "1.example")
    #expect(try source() == ["1.example/x"])
    try write("\(system)/registries.conf.d/b.conf", "2.example")
    try write("\(system)/registries.conf.d/a.conf", "3.example")
    try write("\(system)/registries.conf.d/c.txt", "4.example")
    #expect(try source() == ["2.example/x"])
    try write("\(home)/.config/containers/registries.conf.d/a.conf", "5.example")
    #expect(try source() == ["5.example/x"])
    try FileManager.default.removeItem(atPath: "\(home)/.config/containers/registries.conf.d")
    try write("\(home)/.config/containers/registries.conf", "6.example")
    #expect(try source() == ["6.example/x"])
    try write("\(folder.path)/named", "7.example")
    #expect(try source(["CONTAINERS_REGISTRIES_CONF": "\(folder.path)/named"]) == ["2.example/x"])
    try FileManager.default.removeItem(atPath: "\(system)/registries.conf.d")
    #expect(try source(["CONTAINERS_REGISTRIES_CONF": "\(folder.path)/named"]) == ["7.example/x"])
    #expect(throws: RegistryError.self) { try source(["CONTAINERS_REGISTRIES_CONF": "\(folder.path)/absent"]) }
    try Data("[[registry]]\nlocation = ".utf8).write(to: URL(filePath: "\(home)/.config/containers/registries.conf"))
    do {
      _ = try source()
      Issue.record("it was read")
    } catch let error as RegistryError {
      let message = CASError(error, OperationContext("open store", on: "x"), "x").description
      #expect(
        message.contains("\(home)/.config/containers/registries.conf, line 2: key-value pair: encountered end-of-file"))
    }
  }
}
