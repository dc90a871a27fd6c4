import TestSupport
import Testing

/// Commands whose system calls fail one after the other.
@Suite(.needs(.tools("strace"))) struct SyscallFaultTests {
  /// All scenes, and those that change references in both layouts.
  private static let cases =
    CommandKillTests.scenes.map { ($0, "index") }
    + CommandKillTests.scenes.filter { $0.command.contains(" ref ") }.map { ($0, "refs") }

  @Test(
    "E4 E10 E12 E15 C1 D3 D4: a command with any failing system call reports it or succeeds, and loses and leaves nothing",
    arguments: cases)
  func fails(scene: CommandKillTests.Scene, layout: String) throws {
    let outcome = try ScriptedMount().run("SyscallFault/fails.sh", scene.parameters(layout), seconds: 240)
    print("\(scene.testDescription), \(layout): \(outcome.lines.last ?? "")")
  }

  @Test("E14: every interrupted system call of a command is repeated", arguments: CommandKillTests.scenes)
  func interrupted(scene: CommandKillTests.Scene) throws {
    try ScriptedMount().run("SyscallFault/interrupted.sh", scene.parameters("index"), seconds: 120)
  }
}
