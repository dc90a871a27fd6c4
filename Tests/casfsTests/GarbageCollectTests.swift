import Foundation
import TestSupport
import Testing

@Suite struct GarbageCollectTests {
  /// A store with a named blob, and two unnamed ones that are days and minutes old.
  private struct Garbage {
    let kept: String
    let old: String
    let young: String

    init(_ store: CommandLineStore) throws {
      kept = try store.put("kept")
      old = try store.put("old")
      young = try store.put("young")
      #expect(try Casfs.run(["ref", "put", store.path, "name", kept]).status == 0)
      for (digest, age) in [(old, "3 days ago"), (young, "20 minutes ago"), (kept, "3 days ago")] {
        #expect(try SystemCommand.bash("touch -d '\(age)' \"$1\"", [store.file(digest).path]).status == 0)
      }
    }
  }

  @Test("D8: gc prints the blobs it removes, and keeps unreferenced ones for a day", arguments: ["index", "refs"])
  func removes(layout: String) throws {
    let store = try CommandLineStore(layout)
    let garbage = try Garbage(store)
    let dry = try Casfs.run(["gc", "--dry-run", store.path])
    #expect(dry.status == 0)
    #expect(dry.text == garbage.old + "\n" && dry.errors == "")
    #expect(Set(try Casfs.run(["blob", "ls", store.path]).lines) == [garbage.kept, garbage.old, garbage.young])
    let collected = try Casfs.run(["gc", store.path])
    #expect(collected.status == 0)
    #expect(collected.text == garbage.old + "\n" && collected.errors == "")
    #expect(Set(try Casfs.run(["blob", "ls", store.path]).lines) == [garbage.kept, garbage.young])
    #expect(try Casfs.run(["gc", store.path]).text == "")
  }

  @Test(
    "D8: the grace period is a time with a unit",
    arguments: [
      ("0", true), ("0s", true), ("60s", true), ("19m", true), ("30m", false), ("1h", false), ("4d", false),
      ("1w", false), ("15250284452471w", false),
    ])
  func grace(time: String, isOver: Bool) throws {
    let store = try CommandLineStore()
    let garbage = try Garbage(store)
    let outcome = try Casfs.run(["gc", "--dry-run", "--grace", time, store.path])
    #expect(outcome.status == 0 && outcome.errors == "")
    #expect(outcome.lines.contains(garbage.young) == isOver)
    #expect(outcome.lines.contains(garbage.kept) == false)
  }

  @Test("D8: a repeated put keeps a blob from gc")
  func putAgain() throws {
    let store = try CommandLineStore()
    let garbage = try Garbage(store)
    #expect(try store.put("old") == garbage.old)
    let outcome = try Casfs.run(["gc", store.path])
    #expect(outcome.status == 0 && outcome.text == "")
    #expect(try Casfs.run(["blob", "get", store.path, garbage.old]).text == "old")
  }

  @Test("D8, C1: gc of a store with a malformed manifest fails, names it, and removes nothing")
  func broken() throws {
    let store = try CommandLineStore()
    let garbage = try Garbage(store)
    let manifest = try store.put("{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"layers\":0}")
    #expect(try Casfs.run(["ref", "put", store.path, "broken", manifest]).status == 0)
    for arguments in [["gc", "--grace", "0"], ["gc", "--grace", "0", "--dry-run"]] {
      let outcome = try Casfs.run(arguments + [store.path])
      #expect(outcome.status == 1)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.isOneLine && outcome.errors.contains(manifest), "\(outcome.errors)")
    }
    #expect(try Casfs.run(["blob", "ls", store.path]).lines.count == 4)
    #expect(try Casfs.run(["blob", "get", store.path, garbage.old]).text == "old")
  }

  @Test("D8: a killed gc has removed the blobs it printed, and the store is intact")
  func killed() throws {
    let store = try CommandLineStore()
    let outcome = try SystemCommand.script("GarbageCollect/killed.sh", [store.folder["files"].path, store.path])
    #expect(outcome.text == "blobs\nindex.json\noci-layout\n", "\(outcome.errors)")
  }
}
