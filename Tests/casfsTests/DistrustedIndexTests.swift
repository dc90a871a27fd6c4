import TestSupport
import Testing

/// Commands on stores whose index looks lost, or has what casfs cannot judge.
@Suite struct DistrustedIndexTests {
  @Test("G1, C1: gc refuses a store whose index has no entry, unless --all is given", arguments: ["index", "refs"])
  func emptyIndex(layout: String) throws {
    let store = try CommandLineStore(layout)
    #expect(try Casfs.run(["gc", store.path]).status == 0)
    let digest = try store.put("hello\n")
    for arguments in [["gc"], ["gc", "--grace", "0"], ["gc", "--grace", "0", "--dry-run"]] {
      let refused = try Casfs.run(arguments + [store.path])
      #expect(refused.status == 1 && refused.output.isEmpty)
      #expect(refused.errors.isOneLine && refused.errors.contains("index without stored content"), "\(refused.errors)")
      #expect(refused.errors.contains("--all"))
    }
    #expect(try Casfs.run(["gc", "--all", "--grace", "0", "--dry-run", store.path]).lines == [digest])
    #expect(try Casfs.run(["gc", "--all", "--grace", "0", store.path]).lines == [digest])
    #expect(try Casfs.run(["blob", "ls", store.path]).lines.isEmpty)
  }

  @Test("G1: gc continues beside an entry with a digest of an unsupported algorithm")
  func unknownAlgorithm() throws {
    let store = try CommandLineStore()
    let outcome = try SystemCommand.script("SharedName/unknown-algorithm.sh", [store.path])
    #expect(outcome.status == 0 && outcome.text == "done\n", "\(outcome.text)\(outcome.errors)")
  }
}
