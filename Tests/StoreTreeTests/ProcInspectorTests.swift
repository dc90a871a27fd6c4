import CASPlatform
import TestSupport
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

  @Test(
    "W3: a process is told from another one that has its number", .enabled(if: Machine.hasProcessSerials, "Linux 6.9"))
  func identity() {
    let processes = ProcInspector()
    let own = processes.process(ofThread: CurrentProcess.id)
    #expect(own.number == CurrentProcess.id && own.serial != 0)
    #expect(own == processes.process(ofThread: CurrentProcess.id))
    #expect(processes.isAlive(process: own))
    #expect(!processes.isAlive(process: ProcessIdentity(own.number, serial: own.serial + 1)))
    #expect(processes.parent(ofProcess: own).serial != own.serial)
    #expect(processes.process(ofThread: 0) == .unseen && !processes.isAlive(process: .unseen))
  }
}
