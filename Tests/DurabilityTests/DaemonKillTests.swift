// Takes seconds by default. For a longer run, or to repeat one:
//
//     SEED=1 MINUTES=10 swift test --filter DaemonKillTests
import TestSupport
import Testing

/// Daemons and commands killed under load.
@Suite(.serialized, .needs(.fuse, .tools("strace"))) struct DaemonKillTests {
  @Test(
    "I2 I12 M2 R1 R3 E5: a daemon killed before any system call of a commit loses and leaves nothing, and its store is mounted again",
    arguments: ["index", "refs"])
  func steps(layout: String) throws {
    let outcome = try ScriptedMount().run("DaemonKill/steps.sh", ["layout": layout], seconds: 200)
    print("mount, \(layout): \(outcome.lines.last ?? "")")
  }

  @Test("E4 E8 E12 D8 D9 I12: a process killed at a random moment under load loses and leaves nothing")
  func anyMoment() throws {
    let options = StressOptions(minutes: 0.15)
    let outcome = try ScriptedMount().run(
      "DaemonKill/any-moment.sh", ["seed": "\(options.seed % 32768)", "seconds": "\(Int(options.minutes * 60))"],
      seconds: Int(options.minutes * 60) + 90)
    print(outcome.lines.last ?? "")
  }
}
