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

  @Test("N6: a name that the target cannot have is refused, and the error shows how to give another")
  func names() throws {
    let (from, to, digest) = try stores()
    let entry = "{\"mediaType\":\"a/b\",\"digest\":\"\(digest)\",\"size\":6,\"annotations\":{\"KEY\":\"with space\"}}"
      .replacing("KEY", with: "org.opencontainers.image.ref.name")
    try Data("{\"schemaVersion\":2,\"manifests\":[\(entry)]}".utf8).write(to: from.folder["store/index.json"])
    let refused = try Casfs.run(["copy", from.path, "with space", to.path])
    #expect(refused.status == 1 && refused.errors.isOneLine)
    #expect(refused.errors.hasPrefix("casfs: copy image with space: malformed reference name"), "\(refused.errors)")
    #expect(refused.errors.contains("give another: casfs copy \(from.path) 'with space' \(to.path) NAME"))
    #expect(try Casfs.run(["blob", "ls", to.path]).lines.isEmpty)
    #expect(try Casfs.run(["copy", from.path, "with space", to.path, "feature__x"]).status == 0)
    #expect(try Casfs.run(["ref", "put", to.path, "feature__y", digest]).status == 0)
    #expect(try Casfs.run(["ref", "ls", to.path]).lines.sorted() == ["feature__x", "feature__y"])
  }

  @Test("N7: an archive with one of several platforms is copied by --platform and by --sparse, which the error names")
  func parts() throws {
    let (from, to, digest) = try stores()
    let type = "application/vnd.oci.image"
    let absent = "sha256:" + String(repeating: "0", count: 64)
    let config = "{\"mediaType\":\"\(type).config.v1+json\",\"digest\":\"\(digest)\",\"size\":6}"
    let manifest = "{\"schemaVersion\":2,\"config\":\(config),\"layers\":[]}"
    let image = try from.put(manifest)
    let entries = [(image, manifest.utf8.count, "amd64"), (absent, 500, "arm64")].map { (digest, size, architecture) in
      "{\"mediaType\":\"\(type).manifest.v1+json\",\"digest\":\"\(digest)\",\"size\":\(size),"
        + "\"platform\":{\"os\":\"linux\",\"architecture\":\"\(architecture)\"}}"
    }
    let index = try from.put(
      "{\"schemaVersion\":2,\"mediaType\":\"\(type).index.v1+json\",\"manifests\":[\(entries.joined(separator: ","))]}")
    #expect(try Casfs.run(["ref", "put", from.path, "latest", index]).status == 0)
    let tar = from.folder["part.tar"].path
    #expect(try SystemCommand.bash("tar -cf \"$2\" -C \"$1\" .", [from.path, tar]).status == 0)
    let source = "oci-archive:\(tar)"
    let refused = try Casfs.run(["copy", source, "latest", to.path])
    #expect(refused.status == 1 && refused.errors.isOneLine && refused.errors.contains(absent))
    #expect(refused.errors.contains("--platform") && refused.errors.contains("--sparse"), "\(refused.errors)")
    #expect(try Casfs.run(["copy", "--platform", "linux/x86_64", source, "latest", to.path, "one"]).status == 0)
    #expect(try Casfs.run(["blob", "get", to.path, "one"]).text == manifest)
    let none = try Casfs.run(["copy", "--platform", "linux/s390x", source, "latest", to.path])
    #expect(none.status == 1 && none.errors.contains("there is: linux/amd64, linux/arm64"), "\(none.errors)")
    let malformed = try Casfs.run(["copy", "--platform", "amd64", source, "latest", to.path])
    #expect(malformed.status == 64 && malformed.errors.contains("platform is not OS/ARCH"), "\(malformed.errors)")
    #expect(try Casfs.run(["copy", "--sparse", source, "latest", to.path]).status == 0)
    #expect(try Casfs.run(["gc", "--grace", "0", to.path]).lines.isEmpty)
    let check = try Casfs.run(["fsck", to.path])
    #expect(check.status == 0 && check.text.hasPrefix("incomplete\t\(absent)\t"), "\(check.text)\(check.errors)")
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
