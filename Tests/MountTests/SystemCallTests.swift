import Foundation
import TestSupport
import Testing

/// The system calls that suites such as pjdfstest, fsx and fsstress make, in short.
@Suite(.needs(.fuse, .tools("python3"))) struct SystemCallTests {
  @Test(
    "I7 I8 I10 R3 T5 T6: system calls have the results of a disk, except for those that casfs-tools(7) lists",
    .needs(.root))
  func calls() throws {
    try ScriptedMount.mounted("allow_other").run("SystemCall/calls.sh")
  }

  @Test("C2: the list of casfs-tools(7) matches the table of system calls; CASFS_WRITE_MANUAL=1 updates it")
  func manual() throws {
    let isWriting = ProcessInfo.processInfo.environment["CASFS_WRITE_MANUAL"] != nil
    let page = Project.folder.appending(path: "man/casfs-tools.7").path
    try ScriptedMount().run("SystemCall/manual.sh", ["page": page, "how": isWriting ? "write" : "compare"])
  }

  @Test("I2 I4 I8 I10: processes that make, move and remove names in one tree leave it as the store has it")
  func stress() throws {
    let options = StressOptions(minutes: 0.05)
    let outcome = try ScriptedMount.mounted().run(
      "SystemCall/stress.sh", ["seed": "\(options.seed)", "seconds": "\(Int(options.minutes * 60))"],
      seconds: Int(options.minutes * 60) + 60)
    print(outcome.lines.last ?? "")
  }
}
