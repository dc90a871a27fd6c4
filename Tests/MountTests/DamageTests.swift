// Takes seconds by default. For a longer run, or to repeat one:
//
//     SEED=1 MINUTES=10 swift test --filter DamageTests
import TestSupport
import Testing

/// Stored content that does not match its digest: no byte of it is served.
@Suite(.needs(.fuse)) struct DamageTests {
  @Test(
    "V1 V2 E5 B4: a blob flipped, truncated, extended or replaced, open or not, is served by no way of reading, and healed",
    arguments: ReadModeTests.modes)
  func damage(mode: String) throws {
    let options = StressOptions(minutes: 0)
    let outcome = try ScriptedMount.mounted(mode).run(
      "Damage/damage.sh", ["seed": "\(options.seed)", "minutes": "\(options.minutes)"],
      seconds: Int(options.minutes * 60) + 90)
    print("seed \(options.seed), \(mode): \(outcome.text)", terminator: "")
  }

  @Test("V1 R1 D8: a wrong size in a descriptor changes no read, and fsck reports it")
  func sizes() throws {
    try ScriptedMount().run("Damage/sizes.sh")
  }
}
