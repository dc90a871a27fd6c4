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
    #expect(outcome.errors == "casfs: check store \(store.path): a problem was found\n")
    let fields = outcome.lines.map { $0.split(separator: "\t") }
    #expect(fields.map { $0.prefix(2).joined(separator: " ") } == ["corrupt \(digest)", "foreign a?b?c"])
    #expect(fields.map(\.count) == [3, 4] && fields.last?.last == "note")
    let json = try Casfs.run(["fsck", "--json", store.path])
    #expect(json.status == 1)
    let objects = try json.lines.map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String] ?? [:]
    }
    #expect(objects.map { $0["problem"] } == ["corrupt", "foreign"])
    #expect(objects.map { $0["severity"] } == ["damage", "note"])
    #expect(objects.map { $0["subject"] } == [digest, "a\tb\nc"])
    #expect(objects.allSatisfy { $0["reason"]?.isEmpty == false })
    #expect(try store.put("hello\n") == digest)
    #expect(try SystemCommand.bash("rm \"$1\"/a*", [store.path]).status == 0)
    #expect(try Casfs.run(["fsck", store.path]).status == 0)
  }

  @Test("G3: fsck prints foreign files as notes, which fail with --strict alone", arguments: ["index", "refs"])
  func notes(layout: String) throws {
    let store = try CommandLineStore(layout)
    _ = try store.put("hello\n")
    #expect(try SystemCommand.bash("cd \"$1\"; touch README blobs/sha256/notes", [store.path]).status == 0)
    let outcome = try Casfs.run(["fsck", store.path])
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    let fields = outcome.lines.map { $0.split(separator: "\t") }
    #expect(fields.allSatisfy { $0.count == 4 && $0[3] == "note" })
    #expect(fields.map { $0.prefix(2).joined(separator: " ") } == ["foreign README", "foreign blobs/sha256/notes"])
    let strict = try Casfs.run(["fsck", "--strict", store.path])
    #expect(strict.status == 1 && strict.output == outcome.output)
    #expect(strict.errors == "casfs: check store \(store.path): 2 problems were found\n")
    let json = try Casfs.run(["fsck", "--json", store.path])
    #expect(json.status == 0 && json.lines.count == 2 && json.lines.allSatisfy { $0.contains(#""severity":"note""#) })
  }

  @Test("G3: fsck does not print files that tools and systems leave, even with --strict")
  func leftovers() throws {
    let store = try CommandLineStore()
    let hex = try store.put("hello\n").dropFirst(7)
    let script = """
      cd "$1"; mkdir ingest lost+found .umoci-123 .fsverity-check-1 'System Volume Information'
      touch manifest.json repositories index.json.lock index.json.42.tmp oci-put-blob7 .dat.nosync1 .nfs01 ingest/x
      for dir in . blobs blobs/sha256; do touch $dir/.DS_Store $dir/._x $dir/Thumbs.db; done
      touch blobs/sha256/\(hex)123 blobs/sha256/45.tmp blobs/sha256/\(hex).45.tmp
      """
    #expect(try SystemCommand.bash(script, [store.path]).status == 0)
    let outcome = try Casfs.run(["fsck", "--strict", store.path])
    #expect(outcome.status == 0 && outcome.text + outcome.errors == "")
    #expect(try SystemCommand.bash("cd \"$1\"; touch index.json.x.tmp blobs/manifest.json", [store.path]).status == 0)
    #expect(try Casfs.run(["fsck", store.path]).lines.count == 2)
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
