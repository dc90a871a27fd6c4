// Takes seconds by default. For a longer run, or to repeat one:
//
//     SEED=1 MINUTES=10 swift test --filter ConcurrencyStressTests
import TestSupport
import Testing

/// Concurrent users of one store.
@Suite(.serialized, .needs(.fuse, .root, .tools("umoci", "skopeo", "jq"))) struct ConcurrencyStressTests {
  @Test("D9 E8 E12 D8 V1 R3: two mounts, commands, the library, gc, clean, fsck, umoci and skopeo share one store")
  func everybody() throws {
    let options = StressOptions(minutes: 0.1)
    let workshop = try ScriptedMount()
    try LibraryUser(folder: workshop.path, seed: options.seed).start()
    let outcome = try workshop.run(
      "ConcurrencyStress/everybody.sh", ["seed": "\(options.seed % 32768)", "seconds": "\(Int(options.minutes * 60))"],
      seconds: Int(options.minutes * 60) + 120)
    print(outcome.lines.suffix(2).joined(separator: " "))
  }
}
