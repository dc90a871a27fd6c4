import Foundation
import TestSupport
import Testing

@Suite struct CopyCommandTests {
  /// A store with one blob, named `a`, and an empty store.
  private func stores() throws -> (from: CommandLineStore, to: CommandLineStore, digest: String) {
    let stores = (from: try CommandLineStore(), to: try CommandLineStore("refs"))
    let digest = try stores.from.put("hello\n")
    #expect(try Casfs.run(["ref", "put", stores.from.path, "a", digest]).status == 0)
    return (stores.from, stores.to, digest)
  }

  @Test("E8, C1: copy is silent, keeps or changes the name, and rejects a taken one unless forced")
  func copies() throws {
    let (from, to, digest) = try stores()
    for arguments in [["a", to.path], ["a", to.path, "b/c"], [digest, to.path, "d"], ["a", to.path]] {
      let outcome = try Casfs.run(["copy", from.path] + arguments)
      #expect(outcome.status == 0)
      #expect(outcome.text + outcome.errors == "")
    }
    #expect(try Casfs.run(["ref", "ls", to.path]).lines.sorted() == ["a", "b/c", "d"])
    #expect(try Casfs.run(["blob", "get", to.path, "b/c"]).text == "hello\n")
    let other = try from.put("other\n")
    let taken = try Casfs.run(["copy", from.path, other, to.path, "a"])
    #expect(taken.status == 1 && taken.errors.hasPrefix("casfs: copy image a: the name is taken"))
    #expect(try Casfs.run(["copy", "--force", from.path, other, to.path, "a"]).status == 0)
    #expect(try Casfs.run(["blob", "get", to.path, "a"]).text == "other\n")
  }

  @Test("C1: a failing copy prints one line on standard error")
  func fails() throws {
    let (from, to, digest) = try stores()
    let nameless = try Casfs.run(["copy", from.path, digest, to.path])
    #expect(nameless.status == 64 && nameless.errors.isOneLine && nameless.errors.contains("a digest needs a name"))
    try FileManager.default.removeItem(at: from.file(digest))
    for (arguments, word) in [(["a", to.path], digest), (["b", to.path], "b"), (["a", to.path + "/none"], "none")] {
      let outcome = try Casfs.run(["copy", from.path] + arguments)
      #expect(outcome.status == 1)
      #expect(outcome.errors.isOneLine && outcome.errors.contains(word))
    }
    #expect(try Casfs.run(["ref", "ls", to.path]).lines.isEmpty)
  }

  @Test("C1: every command reads an archive, and none writes it")
  func archive() throws {
    let (from, to, digest) = try stores()
    let path = from.folder["store.tar"].path
    #expect(try SystemCommand.bash("tar -cf \"$2\" -C \"$1\" .", [from.path, path]).status == 0)
    let archive = "oci-archive:\(path)"
    #expect(try Casfs.run(["copy", archive, "a", to.path]).status == 0)
    #expect(try Casfs.run(["blob", "get", archive, "a"]).text == "hello\n")
    #expect(try Casfs.run(["blob", "ls", archive]).lines == [digest])
    #expect(try Casfs.run(["ref", "ls", archive]).lines == ["a"])
    #expect(try Casfs.run(["fsck", archive]).status == 0)
    let writes = [
      ["copy", from.path, "a", archive, "b"], ["blob", "rm", archive, digest], ["ref", "rm", archive, "a"],
      ["ref", "put", archive, "b", digest], ["clean", archive],
    ]
    for arguments in writes {
      let outcome = try Casfs.run(arguments)
      #expect(outcome.status == 1 && outcome.errors.isOneLine, "\(arguments)")
      #expect(outcome.errors.contains("the store is read-only"), "\(outcome.errors)")
    }
    #expect(try Casfs.run(["create", archive + "2"]).status == 1)
    #expect(try Casfs.run(["gc", archive]).status == 1)
  }

  @Test("C2: a long copy shows a progress bar on a terminal")
  func progress() throws {
    let stores = (from: try CommandLineStore(), to: try CommandLineStore())
    let script = "truncate -s 1G \"$1\"; \"$casfs\" blob put \"$2\" \"$1\""
    let put = try SystemCommand.bash(script, [stores.from.folder["big"].path, stores.from.path])
    let digest = try #require(put.lines.first)
    let command = "\"$casfs\" copy '\(stores.from.path)' \(digest) '\(stores.to.path)' big"
    let terminal = try SystemCommand.run("/usr/bin/script", ["-qec", command, "/dev/null"])
    #expect(terminal.status == 0)
    #expect(terminal.text.contains("% of 1024 MiB"))
  }
}
