import Testing

@testable import StoreTree

/// What is read of `/proc`.
@Suite struct ProcessTextTests {
  @Test(
    "I6: the exit code is found whatever the command calls itself", arguments: ["sh", "a b", ") R 1 (", "((", "\n9"])
  func exitCode(_ name: String) {
    let before = (4...51).map(String.init).joined(separator: " ")
    #expect(ProcessText.exitCode(in: "1 (\(name)) Z \(before) 9\n") == 9)
    #expect(ProcessText.exitCode(in: "1 (\(name)) Z \(before)\n") == nil)
    #expect(ProcessText.exitCode(in: "1 (\(name)") == nil)
  }

  @Test("I3: a field is the one whose line begins with its name")
  func fields() {
    let text = "Name:\tTgid: 7\nNSTgid:\t3\nTgid:\t5\nFDSize:\t0\n"
    #expect(ProcessText.field("Tgid:", of: text) == "5")
    #expect(ProcessText.field("FDSize:", of: text) == "0")
    #expect(ProcessText.field("Pid:", of: text) == nil)
  }
}
