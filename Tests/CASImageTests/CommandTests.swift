import Foundation
import TestSupport
import Testing

@Suite struct CommandTests {
  @Test("F11: image ls, cat and export agree with tar on the same image", .needs(.tools("python3", "tar")))
  func commands() throws {
    let cases = try LayoutCases(only: [
      "mode-special", "xattr-user", "type-devices", "link-same", "usrmerge", "name-pax-long",
    ])
    let store = cases.folder("usrmerge")
    let list = try Casfs.run(["image", "ls", store, "v1"])
    #expect(list.errors == "")
    #expect(
      list.lines.map { $0.split(separator: " ", maxSplits: 4).last.map(String.init) } == [
        "./", "lib/", "lib/m", "usr/", "usr/lib/", "usr/lib/a",
      ])
    #expect(
      try Casfs.run(["image", "ls", store, "v1", "/usr/lib/a"]).text
        == "-rw-r--r-- 0/0 1 2023-11-14T22:13:20Z usr/lib/a\n")
    #expect(try Casfs.run(["image", "cat", store, "v1", "usr/lib/a"]).text == "a")
    #expect(try Casfs.run(["image", "cat", store, "v1", "none"]).errors == "casfs: print file none: not found\n")
    for name in ["mode-special", "type-devices", "link-same", "name-pax-long", "xattr-user"] {
      let store = cases.folder(name)
      let archive = try Casfs.run(["image", "export", store, "v1"])
      #expect(archive.status == 0, "\(archive.errors)")
      #expect(try Casfs.run(["image", "export", store, "v1"]).output == archive.output)
      let listed = try SystemCommand.run(
        "/usr/bin/env", ["tar", "--quoting-style=literal", "-tf", "-"], input: archive.output)
      #expect(listed.status == 0 && listed.errors == "", "\(name): \(listed.errors)")
      let names = try Casfs.run(["image", "ls", store, "v1"]).lines.compactMap {
        $0.split(separator: " ", maxSplits: 4).last?.components(separatedBy: " -> ").first
      }
      #expect(listed.lines.map { $0 == "./" ? $0 : String($0.dropFirst(2)) } == names, "\(name)")
    }
  }

  @Test("F11: image ls writes names and targets as tar does", .needs(.tools("python3", "tar")))
  func quoting() throws {
    let names = ["name-not-utf8", "name-control", "name-space", "name-normal-forms", "symlink-not-utf8"]
    let cases = try LayoutCases(only: names)
    for name in names {
      let store = cases.folder(name)
      let archive = try Casfs.run(["image", "export", store, "v1"])
      let listed = try SystemCommand.run(
        "/usr/bin/env", ["LC_ALL=C.UTF-8", "tar", "-tvf", "-"], input: archive.output)
      #expect(listed.status == 0 && listed.lines.count > 1, "\(name): \(listed.errors)")
      // tar has two words for the time, and names that begin with a dot.
      let expected = listed.lines.map { $0.split(separator: " ", maxSplits: 5).last ?? "" }
        .map { $0 == "./" ? $0 : $0.dropFirst(2) }
      let lines = try Casfs.run(["image", "ls", store, "v1"]).lines
      #expect(lines.map { $0.split(separator: " ", maxSplits: 4).last ?? "" } == expected, "\(name)")
    }
  }
}
