import Foundation
import TestSupport
import Testing

@Suite struct FsckTests {
  @Test("C1: fsck of an intact store is silent and exits 0", arguments: ["index", "refs"])
  func sound(layout: String) throws {
    let store = try CommandLineStore(layout)
    let digest = try store.put("hello\n")
    #expect(try Casfs.run(["ref", "put", store.path, "a/b", digest]).status == 0)
    for arguments in [["fsck"], ["fsck", "--json"]] {
      let outcome = try Casfs.run(arguments + [store.path])
      #expect(outcome.status == 0)
      #expect(outcome.text + outcome.errors == "")
    }
  }

  @Test("C1, E5: fsck prints a line per problem and fails; a put heals a corrupt blob")
  func damaged() throws {
    let store = try CommandLineStore()
    let digest = try store.put("hello\n")
    let hex = digest.dropFirst(7)
    let damage =
      "cd \"$1\"; chmod u+w blobs/sha256/\(hex); echo HELLO > blobs/sha256/\(hex); touch \"$(printf 'a\\tb\\nc')\""
    #expect(try SystemCommand.bash(damage, [store.path]).status == 0)
    let outcome = try Casfs.run(["fsck", store.path])
    #expect(outcome.status == 1)
    #expect(outcome.errors == "casfs: check store \(store.path): 2 problems were found\n")
    let fields = outcome.lines.map { $0.split(separator: "\t") }
    #expect(fields.map { $0.prefix(2).joined(separator: " ") } == ["corrupt \(digest)", "foreign a?b?c"])
    let json = try Casfs.run(["fsck", "--json", store.path])
    #expect(json.status == 1)
    let objects = try json.lines.map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String] ?? [:]
    }
    #expect(objects.map { $0["problem"] } == ["corrupt", "foreign"])
    #expect(objects.map { $0["subject"] } == [digest, "a\tb\nc"])
    #expect(objects.allSatisfy { $0["reason"]?.isEmpty == false })
    #expect(try store.put("hello\n") == digest)
    #expect(try SystemCommand.bash("rm \"$1\"/a*", [store.path]).status == 0)
    #expect(try Casfs.run(["fsck", store.path]).status == 0)
  }

  @Test("C1: fsck of a store that cannot be opened gives the reason")
  func unusable() throws {
    let store = try CommandLineStore()
    try store.folder.write("[", to: "store/index.json")
    let outcome = try Casfs.run(["fsck", store.path])
    #expect(outcome.status == 1)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.isOneLine && outcome.errors.contains("index.json"))
  }

  @Test("C2: a long fsck shows a progress bar on a terminal")
  func progress() throws {
    let store = try CommandLineStore()
    // A sparse file takes no space, but as long to hash as any. Its digest does not matter here.
    let made = try SystemCommand.bash("truncate -s 1G \"$1/blobs/sha256/$(printf %064d 1)\"", [store.path])
    #expect(made.status == 0)
    let command = "\"$casfs\" fsck '\(store.path)' > '\(store.folder["out"].path)'"
    let terminal = try SystemCommand.run("/usr/bin/script", ["-qec", command, "/dev/null"])
    #expect(terminal.text.contains("% of 1024 MiB"))
    #expect(terminal.text.contains("\r\u{1B}[Kcasfs: "))
  }
}
