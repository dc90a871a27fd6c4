import Testing

@testable import StoreTree

/// Parsing of files in `/proc`.
@Suite struct ProcInspectorTests {
  @Test("I6: the exit code is found for any command name", arguments: ["sh", "a b", ") R 1 (", "((", "\n9"])
  func exitCode(_ name: String) {
    let before = (4...51).map(String.init).joined(separator: " ")
    #expect(ProcInspector.exitCode(in: "1 (\(name)) Z \(before) 9\n") == 9)
    #expect(ProcInspector.exitCode(in: "1 (\(name)) Z \(before)\n") == nil)
    #expect(ProcInspector.exitCode(in: "1 (\(name)") == nil)
  }

  @Test("I3: a field is the value of the line that begins with its name")
  func fields() {
    let text = "Name:\tTgid: 7\nNSTgid:\t3\nTgid:\t5\nFDSize:\t0\n"
    #expect(ProcInspector.field("Tgid:", of: text) == "5")
    #expect(ProcInspector.field("FDSize:", of: text) == "0")
    #expect(ProcInspector.field("Pid:", of: text) == nil)
  }
}
