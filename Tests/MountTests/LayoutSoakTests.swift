// Takes seconds by default. For a longer run, or to repeat one:
//
//     SEED=1 MINUTES=10 swift test --filter LayoutSoakTests
import TestSupport
import Testing

/// Tools of layouts under load, with writers and the daemon killed.
@Suite(.needs(.fuse, .tools("jq", "python3", "skopeo", "umoci"))) struct LayoutSoakTests {
  @Test(
    "W2, W3, W7, W10, W11, W13: no acknowledged tag or blob is lost, in any mix of tools, whichever process is killed")
  func mixes() throws {
    let options = StressOptions(minutes: 0.2)
    let seconds = Int(options.minutes * 60)
    // With a long time for removals, the short run deletes nothing.
    let outcome = try ScriptedMount.mounted("nokeeper", "removal_grace=20").run(
      "LayoutTrace/soak.sh", ["seed": "\(options.seed % 32768)", "seconds": "\(seconds)"], seconds: seconds + 120)
    print(outcome.lines.last ?? "")
  }
}
